'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { folder, start } = require('../testing/run');

const twoWorkers = path.join(__dirname, '..', 'testing', 'two-workers.js');
const pair = (t, data) => start(t, 'user-service', { data, script: twoWorkers, env: { SERVICE: 'user-service' } });

test('create, read, change, delete', async (t) => {
  const { ask } = await start(t, 'user-service', { data: folder(t) });
  const { status, json: ann } = await ask('POST', '/users', { body: { name: ' Ann ', email: 'Ann@Example.org' } });
  assert.equal(status, 201);
  assert.deepEqual({ ...ann, id: 0 }, { id: 0, name: 'Ann', email: 'ann@example.org', version: 1 });
  const changed = await ask('PATCH', `/users/${ann.id}`, { body: { name: 'Anna' } });
  assert.deepEqual(changed.json, { ...ann, name: 'Anna', version: 2 });
  assert.deepEqual((await ask('GET', '/users')).json.users, [changed.json]);
  assert.equal((await ask('DELETE', `/users/${ann.id}`)).status, 200);
  for (const method of ['GET', 'DELETE']) assert.equal((await ask(method, `/users/${ann.id}`)).status, 404);
});

test('what is not a user is refused', async (t) => {
  const { ask } = await start(t, 'user-service', { data: folder(t) });
  const tries = [{}, { name: 'x' }, { name: 1, email: 'a@b' }, { name: 'x', email: 'none' }, { name: ' ', email: 'a@b' }];
  for (const body of tries) assert.equal((await ask('POST', '/users', { body })).status, 422, JSON.stringify(body));
  assert.equal((await ask('POST', '/users', { body: Buffer.from('{') })).status, 400);
  assert.equal((await ask('POST', '/users', { body: Buffer.from('[]') })).status, 400);
  assert.equal((await ask('POST', '/users', { body: Buffer.alloc(100_000, 32) })).status, 413);
  assert.deepEqual((await ask('GET', '/users')).json, { users: [] });
});

test('workers see the same users at once, and an email is taken once', async (t) => {
  const data = folder(t);
  const { ask } = await pair(t, data);
  for (let round = 0; round < 20; round += 1) {
    const body = { name: 'x', email: `u${round}@example.org` };
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('POST', '/users', { body })));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.equal(answers.filter(({ status }) => status === 409).length, 7);
    const { json } = answers.find(({ status }) => status === 201);
    // Two requests one after the other reach both workers.
    for (let i = 0; i < 2; i += 1) assert.deepEqual((await ask('GET', `/users/${json.id}`)).json, json);
  }
  assert.equal((await ask('GET', '/users')).json.users.length, 20);
});

test('changes of one user at the same time are all counted', async (t) => {
  const { ask } = await pair(t, folder(t));
  const { json } = await ask('POST', '/users', { body: { name: 'x', email: 'x@y' } });
  const change = (i) => ask('PATCH', `/users/${json.id}`, { body: { name: `n${i}` } });
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => change(i)));
  const versions = answers.map((answer) => answer.json.version).sort((a, b) => a - b);
  assert.deepEqual(versions, Array.from({ length: 50 }, (_, i) => i + 2));
});

test('users survive a kill, and a line that was cut short harms nobody', async (t) => {
  const data = folder(t);
  const first = await start(t, 'user-service', { data });
  await first.ask('POST', '/users', { body: { name: 'a', email: 'a@b' } });
  first.child.kill('SIGKILL');
  await first.exited;
  fs.appendFileSync(path.join(data, 'users.jsonl'), '{"act":"create","us');
  const second = await start(t, 'user-service', { data });
  assert.equal((await second.ask('POST', '/users', { body: { name: 'b', email: 'b@b' } })).status, 201);
  const { users } = (await second.ask('GET', '/users')).json;
  assert.deepEqual(users.map(({ name }) => name), ['a', 'b']);
});
