'use strict';
const assert = require('node:assert/strict');
const http = require('node:http');
const test = require('node:test');
const { folder, freePort, start } = require('../testing/run');

const SERVICES = [
  'api-gateway',
  'user-service',
  'device-service',
  'app-service',
  'billing-service',
  'notification-service',
];

for (const name of SERVICES) {
  test(`${name} tells its health and leaves in order`, async (t) => {
    const service = await start(t, name, { data: folder(t), env: { INSTANCE_ID: '3' } });
    const { status, json } = await service.ask('GET', '/health');
    assert.equal(status, 200);
    assert.equal(json.service, name);
    assert.equal(json.instance, 3);
    assert.equal(json.pid, service.child.pid);
    assert.equal(json.status, 'ok');
    assert.ok(json.uptime > 0);
    assert.equal((await service.ask('GET', '/nothing')).status, 404);
    assert.equal((await service.ask('BREW', '/health').catch(() => ({ status: 400 }))).status, 400);
    assert.equal((await service.ask('PUT', '/health')).status, 405);
    service.child.kill('SIGINT');
    assert.deepEqual(await service.exited, [0, null]);
  });
}

test('the message "shutdown" is as good as a signal', async (t) => {
  const service = await start(t, 'billing-service', { data: folder(t) });
  service.child.send('shutdown');
  assert.deepEqual(await service.exited, [0, null]);
});

test('a request that is under way is answered before the process leaves', async (t) => {
  const upstreamPort = await freePort();
  let finish;
  const upstream = http.createServer((request, response) => {
    finish = () => response.end('{"users":[]}');
    gateway.child.kill('SIGTERM');
  });
  await new Promise((resolve) => upstream.listen(upstreamPort, resolve));
  t.after(() => upstream.close());
  const env = { USER_SERVICE: `http://127.0.0.1:${upstreamPort}` };
  const gateway = await start(t, 'api-gateway', { data: folder(t), env });
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await gateway.ask('GET', '/health', { agent });
  const answer = gateway.ask('GET', '/api/users', { agent });
  // The server is closed once new connections are refused; only then does the upstream answer.
  const refused = () => gateway.ask('GET', '/health').then(() => false, (error) => error.code === 'ECONNREFUSED');
  while (!(await refused()));
  finish();
  const { status, headers } = await answer;
  assert.equal(status, 200);
  assert.equal(headers.connection, 'close');
  assert.deepEqual(await gateway.exited, [0, null]);
});
