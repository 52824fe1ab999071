'use strict';
// Runs the service named in SERVICE in two workers of a cluster.

const cluster = require('node:cluster');
const path = require('node:path');

cluster.setupPrimary({ exec: path.join(__dirname, '..', `${process.env.SERVICE}.js`) });
let ready = 0;
for (const INSTANCE_ID of ['0', '1']) {
  cluster.fork({ INSTANCE_ID }).on('message', (message) => {
    if (message === 'ready' && ++ready === 2) process.send('ready');
  });
}
process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  cluster.on('exit', () => Object.keys(cluster.workers).length === 0 && process.exit(0));
});
process.on('disconnect', () => process.exit(1));
