'use strict';
// Takes so many connections at a time, MAX, each for 20 ms.
const http = require('node:http');
const server = http.createServer((request, response) => {
  setTimeout(() => response.end(JSON.stringify({ pid: process.pid })), 20);
});
if (process.env.MAX) server.maxConnections = Number(process.env.MAX);
server.listen(Number(process.env.PORT), () => process.send('ready'));
