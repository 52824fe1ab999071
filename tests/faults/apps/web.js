'use strict';
// An HTTP server that also writes numbered lines, as the service in src/bin does. Environment:
// PORT, NAME, RATE (lines a second), BYTES (of a line), COUNTERS (a folder).
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const { NAME, COUNTERS } = process.env;
const rate = Number(process.env.RATE);
const bytes = Number(process.env.BYTES);
const counter = fs.openSync(path.join(COUNTERS, `${NAME}.${process.pid}`), 'w');

function sum(text) {
  let sum = 0x811c9dc5;
  for (const byte of Buffer.from(text)) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
  return sum.toString(16).padStart(8, '0');
}

function count(number, at) {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64LE(BigInt(number));
  fs.writeSync(counter, eight, 0, 8, at);
}

let number = 0;
const begun = process.hrtime.bigint();
setInterval(() => {
  const due = Number((process.hrtime.bigint() - begun) * BigInt(rate) / 1000000000n);
  for (; number < due; number += 1) {
    const head = `${NAME} ${process.pid} ${number}`;
    const line = `<~${head} ${sum(head)} `;
    count(number + 1, 0);
    process.stdout.write(`${line.padEnd(bytes - 2, '.')}~>\n`);
    count(number + 1, 8);
  }
}, 10);

const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ pid: process.pid }));
});
server.keepAliveTimeout = 60000;
server.listen(Number(process.env.PORT), () => process.send && process.send('ready'));
