'use strict';
// An HTTP server that tests ask for all sorts of things.
//
// BROKEN: when this file exists, it writes two lines on stderr and exits with 3.
// START_DELAY: waits so many ms before it listens. NEVER_READY: does not say `ready` then.
const fs = require('node:fs');
const http = require('node:http');
const cluster = require('node:cluster');

if (process.env.BROKEN && fs.existsSync(process.env.BROKEN)) {
  console.error('cannot read the settings');
  console.error('giving up: broken on purpose');
  process.exit(3);
}

const who = () => ({
  pid: process.pid,
  instance: Number(process.env.NODE_APP_INSTANCE),
  worker: cluster.isWorker,
  release: process.env.RELEASE,
});

const files = [];
const memory = [];
const actions = {
  slow: (ms, answer) => setTimeout(answer, Number(ms)),
  block: (ms, answer) => {
    answer();
    const end = Date.now() + Number(ms);
    setImmediate(() => {
      while (Date.now() < end);
    });
  },
  // Takes all descriptors there are, for a while.
  starve: (ms, answer) => {
    answer();
    setImmediate(() => {
      try {
        for (;;) files.push(fs.openSync('/dev/null'));
      } catch {
        setTimeout(() => files.splice(0).forEach((fd) => fs.closeSync(fd)), Number(ms));
      }
    });
  },
  grow: (mb, answer) => {
    memory.push(Buffer.alloc(Number(mb) << 20, 1));
    answer();
  },
  disconnect: (_, answer) => {
    answer();
    cluster.worker.disconnect();
  },
  exit: (code) => process.exit(Number(code)),
};

const server = http.createServer((request, response) => {
  const [, action, argument] = request.url.split('/');
  const answer = () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(who()));
  };
  (actions[action] || ((_, answer) => answer()))(argument, answer);
});

setTimeout(() => {
  server.listen(Number(process.env.PORT), () => {
    if (process.send && !process.env.NEVER_READY) process.send('ready');
  });
}, Number(process.env.START_DELAY || 0));
