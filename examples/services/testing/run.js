'use strict';
// Runs a service for a test: a free port, a data folder of its own, gone afterwards.

const http = require('node:http');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { fork } = require('node:child_process');
const { once } = require('node:events');

const SERVICES = path.join(__dirname, '..');

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A folder that is removed when the test is over. */
function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'service-test-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Starts a service and waits until it is ready. */
async function start(t, name, { port, data, env = {}, script } = {}) {
  port = port || (await freePort());
  const child = fork(script || path.join(SERVICES, `${name}.js`), [], {
    env: { ...process.env, PORT: String(port), DATA_DIR: data, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const [first] = await Promise.race([once(child, 'message'), exited]);
  if (first !== 'ready') throw new Error(`${name} ended with ${first}`);
  const ask = (method, where, options) => request(port, method, where, options);
  return { child, port, exited, ask };
}

/** One request; the body is sent as JSON unless it is bytes. */
function request(port, method, where, { body, headers = {}, agent = false } = {}) {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', method, path: where, headers, agent };
    const asked = http.request(options, async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        const raw = Buffer.concat(chunks);
        const isJson = (response.headers['content-type'] || '').startsWith('application/json');
        const json = isJson && raw.length > 0 ? JSON.parse(raw) : undefined;
        resolve({ status: response.statusCode, headers: response.headers, raw, json });
      } catch (error) {
        reject(error);
      }
    });
    asked.on('error', reject);
    asked.end(bytes);
  });
}

/** Waits until `condition` holds. */
async function eventually(what, condition) {
  const end = Date.now() + 10_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`it did not come about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

module.exports = { eventually, folder, freePort, request, start };
