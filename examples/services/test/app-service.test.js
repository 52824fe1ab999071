'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const test = require('node:test');
const { createHash, randomBytes } = require('node:crypto');
const { eventually, folder, start } = require('../testing/run');

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const blobs = (data) => fs.readdirSync(path.join(data, 'blobs'));

test('what is uploaded is what is downloaded', async (t) => {
  const data = folder(t);
  const { ask } = await start(t, 'app-service', { data });
  const body = randomBytes(5_000_000);
  const headers = { 'x-content-sha256': sha256(body) };
  const { status, json } = await ask('PUT', '/apps/shop/1.2.0', { body, headers });
  assert.equal(status, 201);
  assert.equal(json.sha256, sha256(body));
  assert.equal(json.size, body.length);
  const got = await ask('GET', '/apps/shop/1.2.0');
  assert.ok(got.raw.equals(body));
  assert.equal(got.headers.etag, `"${sha256(body)}"`);
  const again = await ask('GET', '/apps/shop/1.2.0', { headers: { 'if-none-match': got.headers.etag } });
  assert.equal(again.status, 304);
  const head = await ask('HEAD', '/apps/shop/1.2.0');
  assert.equal(head.headers['content-length'], String(body.length));
  assert.deepEqual((await ask('GET', '/apps')).json.apps, [json]);
  assert.deepEqual(blobs(data), [sha256(body)]);
  assert.equal((await ask('GET', '/apps/shop/2')).status, 404);
});

test('a version is uploaded once; the same again is no error', async (t) => {
  const { ask } = await start(t, 'app-service', { data: folder(t) });
  const first = Buffer.from('one');
  assert.equal((await ask('PUT', '/apps/a/1', { body: first })).status, 201);
  assert.equal((await ask('PUT', '/apps/a/1', { body: first })).status, 200);
  assert.equal((await ask('PUT', '/apps/a/1', { body: Buffer.from('two') })).status, 409);
  assert.ok((await ask('GET', '/apps/a/1')).raw.equals(first));
});

test('a wrong hash, a bad name, and too much are refused and leave nothing', async (t) => {
  const data = folder(t);
  const { ask, port } = await start(t, 'app-service', { data, env: { UPLOAD_MAX: '1000' } });
  const headers = { 'x-content-sha256': sha256('other') };
  assert.equal((await ask('PUT', '/apps/a/1', { body: Buffer.from('x'), headers })).status, 422);
  assert.equal((await ask('PUT', '/apps/..%2Fa/1', { body: Buffer.from('x') })).status, 422);
  assert.equal((await ask('PUT', '/apps/a/1', { body: Buffer.alloc(1001) })).status, 413);
  assert.equal(await chunked(port, '/apps/a/1', Buffer.alloc(5000)), 413);
  assert.equal((await ask('PUT', '/apps/a/1', { body: Buffer.alloc(1000) })).status, 201);
  assert.deepEqual(blobs(data), [sha256(Buffer.alloc(1000))]);
});

/** Sends a body without telling its length before. */
function chunked(port, where, bytes) {
  return new Promise((resolve, reject) => {
    const headers = { 'transfer-encoding': 'chunked' };
    const put = http.request({ port, host: '127.0.0.1', method: 'PUT', path: where, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    put.on('error', reject);
    put.write(bytes);
    put.end();
  });
}

test('an upload that breaks off leaves nothing, nor does one whose service was killed', async (t) => {
  const data = folder(t);
  const first = await start(t, 'app-service', { data });
  const begin = () => {
    const headers = { 'content-length': 1_000_000 };
    const put = http.request({ port: first.port, host: '127.0.0.1', method: 'PUT', path: '/apps/a/1', headers });
    put.on('error', () => {});
    put.write(Buffer.alloc(1000));
    return put;
  };
  const broken = begin();
  await eventually('it has begun', () => blobs(data).length === 1);
  broken.destroy();
  await eventually('it is cleared away', () => blobs(data).length === 0);
  begin();
  await eventually('it has begun', () => blobs(data).length === 1);
  first.child.kill('SIGKILL');
  await first.exited;
  assert.equal(blobs(data).length, 1);
  const second = await start(t, 'app-service', { data });
  assert.deepEqual(blobs(data), []);
  assert.deepEqual((await second.ask('GET', '/apps')).json, { apps: [] });
});
