'use strict';
// Says when it has a request, and answers when it hears `go`.
const http = require('node:http');
const held = [];
process.on('message', () => held.forEach((response) => response.end('done')));
http
  .createServer((request, response) => {
    held.push(response);
    process.send('held');
  })
  .listen(Number(process.env.PORT), () => process.send('ready'));
