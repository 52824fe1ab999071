'use strict';
// Says who it is, then echoes. Listens on PORT, or PATH_NAME, or both; prints where.
const net = require('node:net');
const server = () =>
  net.createServer((socket) => {
    socket.on('error', () => {});
    socket.write(`${process.pid}\n`);
    socket.pipe(socket);
  });
const listen = (where) => {
  const made = server().listen(where, () => {
    const address = made.address();
    console.log(`listens ${typeof address === 'string' ? address : address.port}`);
  });
};
if (process.env.PORT) listen(Number(process.env.PORT));
if (process.env.PORT_TOO) listen(Number(process.env.PORT_TOO));
if (process.env.PATH_NAME) listen(process.env.PATH_NAME);
