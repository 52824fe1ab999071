'use strict';
// One process at a time: a lock that the kernel takes back when its holder ends, however it ends.

const net = require('node:net');
const { createHash } = require('node:crypto');

const AGAIN_MS = 50;

/**
 * Resolves to a function that gives the lock back, once no other process of this machine has it.
 *
 * The lock is a Unix socket in Linux's abstract namespace: binding it is atomic, and it goes with
 * the process. `exclusive` binds it here also in a worker of a cluster. Other systems have no such
 * sockets; there the lock is always free.
 */
async function own(what, signal) {
  if (process.platform !== 'linux') return async () => {};
  const name = '\0owner-' + createHash('sha256').update(what).digest('hex').slice(0, 32);
  for (;;) {
    const server = await bind(name);
    if (server) return () => new Promise((resolve) => server.close(resolve));
    if (signal.aborted) throw signal.reason;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function bind(path) {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.unref();
    server.on('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen({ path, exclusive: true }, () => resolve(server));
  });
}

module.exports = { own };
