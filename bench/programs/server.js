// A plain HTTP server, as an unmodified app has it.
//
// usage: server.js PORT NAME TIMES-FILE
//
// Appends "NAME PID NANOSECONDS" (CLOCK_MONOTONIC) to the file when it accepts connections.
'use strict';
const http = require('http');
const fs = require('fs');

const [port, name, times] = process.argv.slice(2);
const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.end('hello\n');
});
server.listen(Number(port), () => {
  fs.appendFileSync(times, `${name} ${process.pid} ${process.hrtime.bigint()}\n`);
});
