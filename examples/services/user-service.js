'use strict';
// Users: create, read, change, delete. All workers see the same ones, and no two have one email.

const path = require('node:path');
const { randomUUID } = require('node:crypto');
const { Journal } = require('./lib/journal');
const { HttpError, readJson } = require('./lib/router');
const { DATA_DIR, serve } = require('./lib/service');

const users = new Map();
const byEmail = new Map();

/** Folds one line of the journal: the user it leaves, or why it was refused. */
function apply({ act, user, id, changes }) {
  if (act === 'create') {
    if (byEmail.has(user.email)) return { refused: 409, why: 'this email is taken' };
    return keep({ ...user, version: 1 });
  }
  const before = users.get(id);
  if (!before) return { refused: 404, why: 'no such user' };
  if (act === 'delete') {
    users.delete(id);
    byEmail.delete(before.email);
    return before;
  }
  const taken = changes.email !== undefined && byEmail.get(changes.email);
  if (taken && taken !== id) return { refused: 409, why: 'this email is taken' };
  byEmail.delete(before.email);
  return keep({ ...before, ...changes, version: before.version + 1 });
}

function keep(user) {
  users.set(user.id, user);
  byEmail.set(user.email, user.id);
  return user;
}

const journal = new Journal(path.join(DATA_DIR, 'users.jsonl'), apply);

async function change(line) {
  const outcome = await journal.append(line);
  if (outcome.refused) throw new HttpError(outcome.refused, outcome.why);
  return outcome;
}

async function find(id) {
  await journal.refresh();
  const user = users.get(id);
  if (!user) throw new HttpError(404, 'no such user');
  return user;
}

/** The fields that a client may set, checked. */
function fields(body, needed) {
  const { name, email } = body;
  if (needed || name !== undefined) {
    if (typeof name !== 'string' || name.trim() === '') {
      throw new HttpError(422, '`name` must be a text');
    }
  }
  if (needed || email !== undefined) {
    const shape = /^[^@\s]+@[^@\s]+$/;
    if (typeof email !== 'string' || !shape.test(email)) {
      throw new HttpError(422, '`email` must be an address');
    }
  }
  const set = {};
  if (name !== undefined) set.name = name.trim();
  if (email !== undefined) set.email = email.toLowerCase();
  return set;
}

const routes = [
  ['GET', '/users', async () => {
    await journal.refresh();
    return { users: [...users.values()] };
  }],
  ['POST', '/users', async ({ request }) => {
    const user = { id: randomUUID(), ...fields(await readJson(request), true) };
    return [201, await change({ act: 'create', user })];
  }],
  ['GET', '/users/:id', ({ params }) => find(params.id)],
  ['PATCH', '/users/:id', async ({ request, params }) => {
    const changes = fields(await readJson(request), false);
    return change({ act: 'change', id: params.id, changes });
  }],
  ['DELETE', '/users/:id', ({ params }) => change({ act: 'delete', id: params.id })],
];

serve({
  name: 'user-service',
  port: 30001,
  routes: async () => {
    await journal.open();
    return routes;
  },
  stop: () => journal.close(),
});
