'use strict';
// Sends its primary what it need not understand, before it listens: a socket, a server, and a
// message of megabytes; then says `ready`.
const http = require('node:http');
const net = require('node:net');
const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1', () => {
    process.send({ a: 'socket' }, socket);
    process.send({ big: 'x'.repeat(5_000_000) });
    process.send('not ready');
    process.send({ type: 'process:msg', data: { text: 'ready' } });
    const web = http.createServer((request, response) => response.end(String(process.pid)));
    web.listen(Number(process.env.PORT), () => process.send('ready'));
  });
});
