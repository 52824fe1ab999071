'use strict';
// socket.io with its usual transports: polling, then websocket.
const http = require('node:http');
const { Server } = require('socket.io');
const server = http.createServer();
new Server(server).on('connection', (socket) => {
  socket.on('echo', (value, answer) => answer({ value, pid: process.pid }));
});
server.listen(Number(process.env.PORT), () => process.send('ready'));
