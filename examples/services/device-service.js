'use strict';
// Devices: they register once and then say every few seconds that they are alive.
//
// One file a device; when it was last heard of is the file's time, so a heartbeat writes nothing.

const fs = require('node:fs/promises');
const path = require('node:path');
const { NAME, createFile } = require('./lib/files');
const { HttpError, readJson } = require('./lib/router');
const { DATA_DIR, serve } = require('./lib/service');

const FOLDER = path.join(DATA_DIR, 'devices');
const ONLINE_MS = Number(process.env.DEVICE_ONLINE_MS || 30_000);

function fileOf(id) {
  if (!NAME.test(id)) throw new HttpError(422, '`id` must be 1 to 64 letters, digits, or one of . _ @ -');
  return path.join(FOLDER, `${id}.json`);
}

function absent(error) {
  if (error.code === 'ENOENT') throw new HttpError(404, 'no such device');
  throw error;
}

async function read(id) {
  const file = fileOf(id);
  const [text, { mtimeMs }] = await Promise.all([fs.readFile(file, 'utf8'), fs.stat(file)]).catch(absent);
  return {
    ...JSON.parse(text),
    lastSeen: new Date(mtimeMs).toISOString(),
    online: Date.now() - mtimeMs < ONLINE_MS,
  };
}

async function list() {
  const files = (await fs.readdir(FOLDER)).filter((name) => name.endsWith('.json')).sort();
  const found = await Promise.allSettled(files.map((name) => read(name.slice(0, -'.json'.length))));
  return { devices: found.filter(({ status }) => status === 'fulfilled').map(({ value }) => value) };
}

async function register({ request }) {
  const { id, model = 'unknown' } = await readJson(request);
  if (typeof id !== 'string') throw new HttpError(422, '`id` must be a text');
  if (typeof model !== 'string') throw new HttpError(422, '`model` must be a text');
  const device = { id, model, registered: new Date().toISOString() };
  if (!(await createFile(fileOf(id), JSON.stringify(device)))) {
    throw new HttpError(409, 'this device is registered already');
  }
  return [201, await read(id)];
}

async function heartbeat({ params }) {
  const now = new Date();
  await fs.utimes(fileOf(params.id), now, now).catch(absent);
  return read(params.id);
}

async function remove({ params }) {
  const device = await read(params.id);
  await fs.unlink(fileOf(params.id)).catch(absent);
  return device;
}

serve({
  name: 'device-service',
  port: 30002,
  routes: async () => {
    await fs.mkdir(FOLDER, { recursive: true });
    return [
      ['GET', '/devices', list],
      ['POST', '/devices', register],
      ['GET', '/devices/:id', ({ params }) => read(params.id)],
      ['POST', '/devices/:id/heartbeat', heartbeat],
      ['DELETE', '/devices/:id', remove],
    ];
  },
});
