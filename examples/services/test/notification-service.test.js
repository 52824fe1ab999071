'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const test = require('node:test');
const { eventually, folder, start } = require('../testing/run');

const send = (ask, to, text) => ask('POST', '/notifications', { body: { to, text } });

function delivered(data, to) {
  const file = path.join(data, 'notifications', 'delivered', `${to}.jsonl`);
  if (!fs.existsSync(file)) return [];
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

const texts = (data, to) => delivered(data, to).map(({ text }) => text);
const numbers = (count) => Array.from({ length: count }, (_, i) => String(i));

test('each recipient gets all, once, in order', async (t) => {
  const data = folder(t);
  const { ask } = await start(t, 'notification-service', { data });
  const to = ['ann', 'bob', 'cy'];
  const client = async (recipient) => {
    for (const text of numbers(40)) assert.equal((await send(ask, recipient, text)).status, 202);
  };
  await Promise.all(to.map(client));
  await eventually('all are delivered', async () => (await ask('GET', '/notifications')).json.waiting === 0);
  for (const recipient of to) assert.deepEqual(texts(data, recipient), numbers(40));
});

test('what is not a notification is refused', async (t) => {
  const { ask } = await start(t, 'notification-service', { data: folder(t) });
  for (const body of [{}, { to: '../x', text: 'x' }, { to: 'a', text: '' }, { to: 'a', text: 1 }]) {
    assert.equal((await ask('POST', '/notifications', { body })).status, 422);
  }
});

test('kills at any time: all accepted ones arrive, once, in order', async (t) => {
  const data = folder(t);
  let service = await start(t, 'notification-service', { data });
  const accepted = [];
  for (let number = 0; number < 120; number += 1) {
    const answer = await send(service.ask, 'ann', String(number)).catch(() => null);
    if (answer) accepted.push(answer.json.id);
    if (number % 20 === 19) {
      service.child.kill('SIGKILL');
      await service.exited;
      service = await start(t, 'notification-service', { data });
    }
  }
  await eventually('all are delivered', async () => (await service.ask('GET', '/notifications')).json.waiting === 0);
  const ids = delivered(data, 'ann').map(({ id }) => id);
  assert.deepEqual(ids, [...ids].sort(), 'out of order');
  assert.equal(new Set(ids).size, ids.length, 'delivered twice');
  assert.deepEqual(accepted.filter((id) => !ids.includes(id)), [], 'lost');
});

test('a delivery that was made but not noted is not made again', async (t) => {
  const data = folder(t);
  const waiting = path.join(data, 'notifications', 'waiting');
  const done = path.join(data, 'notifications', 'delivered');
  for (const made of [waiting, done]) fs.mkdirSync(made, { recursive: true });
  const [first, second] = ['1700000000000001', '1700000000000002'].map((id) => id.padStart(17, '0'));
  for (const id of [first, second]) {
    fs.writeFileSync(path.join(waiting, `${id}.json`), JSON.stringify({ id, to: 'ann', text: id }));
  }
  fs.writeFileSync(path.join(done, 'ann.jsonl'), `${JSON.stringify({ id: first, text: first })}\n{"id":"cut sh`);
  const { ask } = await start(t, 'notification-service', { data });
  await eventually('all are delivered', async () => (await ask('GET', '/notifications')).json.waiting === 0);
  assert.deepEqual(texts(data, 'ann'), [first, second]);
});

test('a webhook that fails holds up its recipient only, and keeps the order', async (t) => {
  const got = [];
  const hook = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { to, text } = JSON.parse(Buffer.concat(chunks));
    const fails = to === 'ann' && got.length < 2;
    if (!fails) got.push(`${to} ${text}`);
    response.writeHead(fails ? 500 : 204).end();
  });
  await new Promise((resolve) => hook.listen(0, '127.0.0.1', resolve));
  t.after(() => (hook.close(), hook.closeAllConnections()));
  const env = { NOTIFY_WEBHOOK: `http://127.0.0.1:${hook.address().port}/` };
  const { ask } = await start(t, 'notification-service', { data: folder(t), env });
  for (const text of ['1', '2']) for (const to of ['ann', 'bob']) await send(ask, to, text);
  await eventually('all are delivered', () => got.length === 4);
  assert.deepEqual(got.slice(0, 2), ['bob 1', 'bob 2']);
  assert.deepEqual(got.slice(2), ['ann 1', 'ann 2']);
});

test('only so many may wait', async (t) => {
  const env = { NOTIFY_WEBHOOK: 'http://127.0.0.1:1/', NOTIFY_WAITING_MAX: '3' };
  const { ask, child, exited } = await start(t, 'notification-service', { data: folder(t), env });
  for (let i = 0; i < 3; i += 1) assert.equal((await send(ask, 'ann', 'x')).status, 202);
  assert.equal((await send(ask, 'ann', 'x')).status, 503);
  // It leaves although the webhook never answers.
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('a second process waits for the first and then goes on where it stopped', async (t) => {
  const data = folder(t);
  const first = await start(t, 'notification-service', { data });
  const second = await start(t, 'notification-service', { data });
  for (const text of numbers(10)) await send(text % 2 ? first.ask : second.ask, 'ann', text);
  await eventually('the first delivers its own', () => texts(data, 'ann').length >= 5);
  first.child.kill('SIGTERM');
  await first.exited;
  await eventually('the second delivers the rest', () => texts(data, 'ann').length === 10);
  assert.equal(new Set(texts(data, 'ann')).size, 10);
});
