'use strict';
// Apps in versions: each is uploaded once, kept by its hash, and can be fetched.
//
//   PUT  /apps/NAME/VERSION   the body is the file; `x-content-sha256` is checked when given
//   GET  /apps/NAME/VERSION   the file
//   GET  /apps                what there is

const fs = require('node:fs');
const path = require('node:path');
const { createHash, randomUUID } = require('node:crypto');
const { pipeline } = require('node:stream/promises');
const { NAME, createFile, syncFolder } = require('./lib/files');
const { HttpError } = require('./lib/router');
const { DATA_DIR, serve } = require('./lib/service');

const UPLOAD_MAX = Number(process.env.UPLOAD_MAX || 64 * 1024 * 1024);
const BLOBS = path.join(DATA_DIR, 'blobs');
const APPS = path.join(DATA_DIR, 'apps');

const tooLarge = () => new HttpError(413, `an upload may have ${UPLOAD_MAX} bytes`);

function place({ name, version }) {
  if (!NAME.test(name) || !NAME.test(version)) {
    throw new HttpError(422, 'name and version must be file names');
  }
  return path.join(APPS, name, `${version}.json`);
}

/** Streams a body to a file, whatever its size, and hashes it on the way. */
async function receive(request, file) {
  const hash = createHash('sha256');
  let size = 0;
  async function* measured() {
    // What is refused half way needs the connection for its answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > UPLOAD_MAX) throw tooLarge();
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(measured, fs.createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  return { size, sha256: hash.digest('hex') };
}

async function syncFile(file) {
  const handle = await fs.promises.open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function upload({ request, params }) {
  const entry = place(params);
  if (Number(request.headers['content-length']) > UPLOAD_MAX) throw tooLarge();
  const partial = path.join(BLOBS, `${process.pid}-${randomUUID()}.part`);
  try {
    const { size, sha256 } = await receive(request, partial);
    const promised = request.headers['x-content-sha256'];
    if (promised && promised.toLowerCase() !== sha256) {
      throw new HttpError(422, `the body's hash is ${sha256}, not as promised`);
    }
    await syncFile(partial);
    await fs.promises.rename(partial, path.join(BLOBS, sha256));
    await syncFolder(BLOBS);
    const app = { ...params, size, sha256, uploaded: new Date().toISOString() };
    await fs.promises.mkdir(path.dirname(entry), { recursive: true });
    if (await createFile(entry, JSON.stringify(app))) return [201, app];
    const present = await describe(params);
    if (present.sha256 === sha256) return present;
    throw new HttpError(409, 'this version exists already, with another content');
  } finally {
    await fs.promises.rm(partial, { force: true });
  }
}

async function describe(params) {
  try {
    return JSON.parse(await fs.promises.readFile(place(params), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') throw new HttpError(404, 'no such app or version');
    throw error;
  }
}

async function download({ request, response, params }) {
  const app = await describe(params);
  const etag = `"${app.sha256}"`;
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': app.size, etag });
  if (request.method === 'HEAD') return void response.end();
  // A client that leaves ends the pipeline; that is its right.
  await pipeline(fs.createReadStream(path.join(BLOBS, app.sha256)), response).catch(() => response.destroy());
}

async function list() {
  const apps = [];
  for (const name of (await fs.promises.readdir(APPS)).sort()) {
    const files = await fs.promises.readdir(path.join(APPS, name));
    const versions = files.filter((file) => file.endsWith('.json')).sort();
    for (const file of versions) apps.push(await describe({ name, version: file.slice(0, -'.json'.length) }));
  }
  return { apps };
}

/** Removes what uploads of processes that are gone have left half done. */
async function sweep() {
  for (const name of await fs.promises.readdir(BLOBS)) {
    const [, pid] = /^(\d+)-.*\.part$/.exec(name) || [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await fs.promises.rm(path.join(BLOBS, name), { force: true });
  }
}

function isAlive(pid) {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

serve({
  name: 'app-service',
  port: 30003,
  routes: async () => {
    for (const folder of [BLOBS, APPS]) await fs.promises.mkdir(folder, { recursive: true });
    await sweep();
    return [
      ['GET', '/apps', list],
      ['PUT', '/apps/:name/:version', upload],
      ['GET', '/apps/:name/:version', download],
      ['HEAD', '/apps/:name/:version', download],
    ];
  },
});
