'use strict';
const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const test = require('node:test');
const { folder, freePort, start } = require('../testing/run');

async function gatewayTo(t, upstream, env = {}) {
  const address = `http://127.0.0.1:${upstream}`;
  return start(t, 'api-gateway', { data: folder(t), env: { USER_SERVICE: address, DEVICE_SERVICE: address, ...env } });
}

async function upstream(t, handler) {
  const server = http.createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => (server.close(), server.closeAllConnections()));
  return server.address().port;
}

test('forwards to users and devices, there and back', async (t) => {
  const data = folder(t);
  const users = await start(t, 'user-service', { data });
  const devices = await start(t, 'device-service', { data });
  const gateway = await start(t, 'api-gateway', {
    data,
    env: { USER_SERVICE: `http://127.0.0.1:${users.port}`, DEVICE_SERVICE: `http://127.0.0.1:${devices.port}` },
  });
  const made = await gateway.ask('POST', '/api/users', { body: { name: 'Ann', email: 'ann@example.org' } });
  assert.equal(made.status, 201);
  const got = await gateway.ask('GET', `/api/users/${made.json.id}`);
  assert.equal(got.json.name, 'Ann');
  assert.equal((await gateway.ask('GET', '/api/users/none')).status, 404);
  assert.equal((await gateway.ask('POST', '/api/devices', { body: { id: 'd1' } })).status, 201);
  assert.equal((await gateway.ask('GET', '/api/devices')).json.devices[0].id, 'd1');
  assert.equal((await gateway.ask('GET', '/api/usersandmore')).status, 404);
});

test('an upstream that is not there is a 502, and nobody else suffers', async (t) => {
  const gateway = await gatewayTo(t, await freePort());
  const { status, json } = await gateway.ask('GET', '/api/users');
  assert.equal(status, 502);
  assert.match(json.error, /user service does not answer \(ECONNREFUSED\)/);
  assert.equal((await gateway.ask('POST', '/api/devices', { body: { id: 'x' } })).status, 502);
  assert.equal((await gateway.ask('GET', '/health')).status, 200);
});

test('an upstream that does not answer in time is a 504', async (t) => {
  const gateway = await gatewayTo(t, await upstream(t, () => {}), { UPSTREAM_TIMEOUT_MS: '100' });
  assert.equal((await gateway.ask('GET', '/api/users')).status, 504);
});

test('headers of the connection stay on it, those of the message pass', async (t) => {
  let seen;
  const port = await upstream(t, (request, response) => {
    seen = request.headers;
    response.writeHead(200, { 'x-answer': 'yes', 'keep-alive': 'timeout=1' });
    response.end('{}');
  });
  const gateway = await gatewayTo(t, port);
  const headers = { 'x-hop': '1', connection: 'close, x-hop', 'x-own': '2', 'x-forwarded-for': '10.0.0.1' };
  const answer = await gateway.ask('GET', '/api/users', { headers });
  assert.equal(seen['x-hop'], undefined);
  assert.equal(seen['x-own'], '2');
  assert.match(seen['x-forwarded-for'], /^10\.0\.0\.1, .*127\.0\.0\.1$/);
  assert.match(seen['x-request-id'], /^[0-9a-f-]{36}$/);
  assert.equal(answer.headers['x-answer'], 'yes');
  assert.notEqual(answer.headers['keep-alive'], 'timeout=1');
});

test('a connection that the upstream closed while idle costs no request', async (t) => {
  // Answers one request a connection, then resets it when the next one comes.
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      socket.once('data', () => socket.resetAndDestroy());
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const gateway = await gatewayTo(t, server.address().port);
  for (let i = 0; i < 20; i += 1) assert.equal((await gateway.ask('GET', '/api/users')).status, 200);
  // What may have had an effect is not sent twice.
  assert.equal((await gateway.ask('POST', '/api/users', { body: {} })).status, 502);
});
