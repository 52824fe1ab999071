'use strict';
// Serves on a descriptor that it was started with.
const http = require('node:http');
http
  .createServer((request, response) => response.end(JSON.stringify({ pid: process.pid })))
  .listen({ fd: 5 }, () => process.send('ready'));
