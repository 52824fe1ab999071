'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const test = require('node:test');
const { eventually, folder, start } = require('../testing/run');

test('a device registers once, is heard of, and is online for a while', async (t) => {
  const env = { DEVICE_ONLINE_MS: '400' };
  const { ask } = await start(t, 'device-service', { data: folder(t), env });
  const { status, json } = await ask('POST', '/devices', { body: { id: 'd-1', model: 'm' } });
  assert.equal(status, 201);
  assert.equal(json.model, 'm');
  assert.equal(json.online, true);
  assert.equal((await ask('POST', '/devices', { body: { id: 'd-1' } })).status, 409);
  await eventually('it goes offline', async () => (await ask('GET', '/devices/d-1')).json.online === false);
  const beat = (await ask('POST', '/devices/d-1/heartbeat')).json;
  assert.equal(beat.online, true);
  assert.ok(beat.lastSeen > json.lastSeen);
  assert.equal(beat.registered, json.registered);
  assert.equal((await ask('POST', '/devices/none/heartbeat')).status, 404);
  assert.equal((await ask('DELETE', '/devices/d-1')).status, 200);
  assert.equal((await ask('GET', '/devices/d-1')).status, 404);
});

test('an id cannot leave the folder', async (t) => {
  const { ask } = await start(t, 'device-service', { data: folder(t) });
  for (const id of ['../users', '', '.hidden', 'a/b', 'x'.repeat(65)]) {
    assert.equal((await ask('POST', '/devices', { body: { id } })).status, 422, id);
  }
  assert.equal((await ask('GET', '/devices/..%2Fusers')).status, 422);
  assert.equal((await ask('GET', '/devices/%zz')).status, 400);
});

test('of many that register one id with two workers, one does', async (t) => {
  const script = path.join(__dirname, '..', 'testing', 'two-workers.js');
  const { ask } = await start(t, 'device-service', { data: folder(t), script, env: { SERVICE: 'device-service' } });
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => ask('POST', '/devices', { body: { id: `d${i % 20}`, model: `m${i}` } })),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 20);
  assert.equal(answers.filter(({ status }) => status === 409).length, 180);
  const { devices } = (await ask('GET', '/devices')).json;
  assert.equal(devices.length, 20);
  const won = answers.filter(({ status }) => status === 201).map(({ json }) => json.model).sort();
  assert.deepEqual(devices.map(({ model }) => model).sort(), won);
});
