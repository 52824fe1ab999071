'use strict';
// A ledger that is only appended to, and that never charges twice.
//
// A client sends `POST /charges` with an `Idempotency-Key` of its own. When it gets no answer (a
// crash, a broken connection) it sends the same again, as often as it takes: the first line with
// the key in the ledger is the charge, all further ones are answered with that.

const path = require('node:path');
const { randomUUID } = require('node:crypto');
const { Journal } = require('./lib/journal');
const { HttpError, readJson } = require('./lib/router');
const { DATA_DIR, serve } = require('./lib/service');

const KEY = /^[\x21-\x7e]{1,200}$/;

const charges = new Map();
const balances = new Map();

/** Folds one line of the ledger: the charge that has this key, and whether this line made it. */
function apply({ key, charge }) {
  const earlier = charges.get(key);
  if (earlier) return { charge: earlier, made: false };
  charges.set(key, charge);
  balances.set(charge.customer, (balances.get(charge.customer) || 0) + charge.amount);
  return { charge, made: true };
}

const ledger = new Journal(path.join(DATA_DIR, 'ledger.jsonl'), apply);
const underway = new Map();

/** Only for tests of what happens when a process ends at the worst moment. */
const CRASH_AFTER_WRITE = process.env.BILLING_CRASH_AFTER_WRITE === '1';

function checked({ customer, amount, currency = 'EUR' }) {
  const need = (holds, message) => {
    if (!holds) throw new HttpError(422, message);
  };
  need(typeof customer === 'string' && customer !== '', '`customer` must be a text');
  need(Number.isSafeInteger(amount) && amount > 0, '`amount` must be in cents, above 0');
  need(/^[A-Z]{3}$/.test(currency), '`currency` must be three letters');
  return { customer, amount, currency };
}

function same(charge, asked) {
  return ['customer', 'amount', 'currency'].every((field) => charge[field] === asked[field]);
}

async function record(key, asked) {
  await ledger.refresh();
  if (charges.has(key)) {
    // Another process may have written it and not yet have it on the disk.
    await ledger.sync();
    return { charge: charges.get(key), made: false };
  }
  const charge = { id: randomUUID(), ...asked, at: new Date().toISOString() };
  const outcome = await ledger.append({ key, charge });
  if (CRASH_AFTER_WRITE) process.kill(process.pid, 'SIGKILL');
  return outcome;
}

/** Requests with one key that come at the same time share one line. */
async function recordOnce(key, asked) {
  const running = underway.get(key);
  if (running) return { ...(await running), made: false };
  const promise = record(key, asked).finally(() => underway.delete(key));
  underway.set(key, promise);
  return promise;
}

async function charge({ request }) {
  const key = request.headers['idempotency-key'];
  if (!KEY.test(key || '')) throw new HttpError(400, 'the header `Idempotency-Key` is needed');
  const asked = checked(await readJson(request));
  const { charge, made } = await recordOnce(key, asked);
  if (!same(charge, asked)) throw new HttpError(422, 'this key was used for another charge');
  return [made ? 201 : 200, charge, made ? {} : { 'idempotent-replay': 'true' }];
}

async function balance({ params }) {
  await ledger.refresh();
  return { customer: params.customer, balance: balances.get(params.customer) || 0 };
}

async function list() {
  await ledger.refresh();
  return { charges: [...charges.values()] };
}

serve({
  name: 'billing-service',
  port: 30005,
  routes: async () => {
    await ledger.open();
    return [
      ['GET', '/charges', list],
      ['POST', '/charges', charge],
      ['GET', '/customers/:customer/balance', balance],
    ];
  },
  stop: () => ledger.close(),
});
