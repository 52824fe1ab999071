'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { folder, freePort, start } = require('../testing/run');

const charge = (ask, key, amount = 100) =>
  ask('POST', '/charges', { body: { customer: 'ann', amount }, headers: { 'idempotency-key': key } });

/** The ledger as an auditor reads it. */
function ledger(data) {
  const text = fs.readFileSync(path.join(data, 'ledger.jsonl'), 'utf8');
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

test('one key is one charge', async (t) => {
  const { ask } = await start(t, 'billing-service', { data: folder(t) });
  const first = await charge(ask, 'k1');
  assert.equal(first.status, 201);
  const again = await charge(ask, 'k1');
  assert.equal(again.status, 200);
  assert.equal(again.headers['idempotent-replay'], 'true');
  assert.deepEqual(again.json, first.json);
  assert.equal((await charge(ask, 'k1', 200)).status, 422);
  assert.equal((await charge(ask, 'k2', 50)).status, 201);
  assert.equal((await ask('GET', '/customers/ann/balance')).json.balance, 150);
  assert.equal((await ask('GET', '/charges')).json.charges.length, 2);
});

test('what is not a charge is refused', async (t) => {
  const { ask } = await start(t, 'billing-service', { data: folder(t) });
  for (const amount of [0, -1, 1.5, '1', 2 ** 60]) assert.equal((await charge(ask, 'k', amount)).status, 422);
  const body = { customer: 'ann', amount: 1 };
  assert.equal((await ask('POST', '/charges', { body })).status, 400);
  assert.equal((await ask('GET', '/customers/ann/balance')).json.balance, 0);
});

test('duplicates at the same time are one charge and one line', async (t) => {
  const data = folder(t);
  const { ask } = await start(t, 'billing-service', { data });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => charge(ask, `k${i % 10}`)));
  assert.equal(answers.filter(({ status }) => status === 201).length, 10);
  assert.equal(answers.filter(({ status }) => status === 200).length, 90);
  assert.equal(ledger(data).length, 10);
  assert.equal((await ask('GET', '/customers/ann/balance')).json.balance, 1000);
});

test('two processes on one ledger charge once', async (t) => {
  const data = folder(t);
  const [one, two] = await Promise.all([1, 2].map(() => start(t, 'billing-service', { data })));
  for (let i = 0; i < 30; i += 1) {
    const answers = await Promise.all([charge(one.ask, `k${i}`), charge(two.ask, `k${i}`)]);
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.deepEqual(answers[0].json, answers[1].json);
  }
  for (const { ask } of [one, two]) {
    assert.equal((await ask('GET', '/customers/ann/balance')).json.balance, 3000);
  }
});

test('a crash between the write and the answer charges once', async (t) => {
  const data = folder(t);
  const crashing = await start(t, 'billing-service', { data, env: { BILLING_CRASH_AFTER_WRITE: '1' } });
  await assert.rejects(charge(crashing.ask, 'k'));
  await crashing.exited;
  assert.equal(ledger(data).length, 1);
  const next = await start(t, 'billing-service', { data });
  assert.equal((await charge(next.ask, 'k')).status, 200);
  assert.equal((await next.ask('GET', '/customers/ann/balance')).json.balance, 100);
  assert.equal(ledger(data).length, 1);
});

test('kills at any time: nothing that was answered is lost, nothing is charged twice', async (t) => {
  const data = folder(t);
  const port = await freePort();
  const answered = new Map();
  let service = await start(t, 'billing-service', { data, port });
  let stop = false;
  // Each client sends a charge again and again until it has an answer.
  const client = async (number) => {
    for (let i = 0; !stop; i += 1) {
      const key = `c${number}-${i}`;
      for (;;) {
        const answer = await charge(service.ask, key).catch(() => null);
        if (answer) {
          assert.ok([200, 201].includes(answer.status), `${answer.status}`);
          answered.set(key, answer.json.id);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const clients = [0, 1, 2, 3].map(client);
  for (let kill = 0; kill < 8; kill += 1) {
    const before = answered.size;
    while (answered.size < before + 10 + kill) await new Promise((resolve) => setImmediate(resolve));
    service.child.kill('SIGKILL');
    await service.exited;
    service = await start(t, 'billing-service', { data, port });
  }
  stop = true;
  await Promise.all(clients);
  const { charges } = (await service.ask('GET', '/charges')).json;
  const ids = new Set(charges.map(({ id }) => id));
  assert.equal(charges.length, answered.size);
  for (const [key, id] of answered) assert.ok(ids.has(id), `${key} is lost`);
  assert.equal((await service.ask('GET', '/customers/ann/balance')).json.balance, answered.size * 100);
  const keys = ledger(data).map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
});
