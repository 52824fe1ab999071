// Node's own primary of a cluster, without a process manager.
//
// usage: primary.js WORKERS SERVER.JS ARGUMENTS…
'use strict';
const cluster = require('cluster');

const [workers, exec, ...args] = process.argv.slice(2);
cluster.setupPrimary({ exec, args });
for (let worker = 0; worker < Number(workers); worker += 1) cluster.fork();
