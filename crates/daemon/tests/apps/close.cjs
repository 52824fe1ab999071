'use strict';
// Stops listening on SIGUSR2, and goes on.
const http = require('node:http');
const server = http.createServer((request, response) => response.end('{}'));
process.on('SIGUSR2', () => server.close(() => process.send('closed')));
server.listen(Number(process.env.PORT), () => process.send('ready'));
