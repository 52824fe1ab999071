'use strict';
// Says who it is, then echoes. Listens on PORT, or PATH_NAME, or both; prints where.
const net = require('node:net');
const server = () =>
  net.createServer((socket) => {
    socket.on('error', () => {});
    socket.write(`${process.pid}\n`);
    socket.pipe(socket);
  });
const { PORT, PORT_TOO, PATH_NAME } = process.env;
const wanted = [PORT, PORT_TOO].filter(Boolean).map(Number).concat(PATH_NAME || []);
let missing = wanted.length;
for (const where of wanted) {
  const made = server().listen(where, () => {
    const address = made.address();
    console.log(`listens ${typeof address === 'string' ? address : address.port}`);
    missing -= 1;
    if (missing === 0) process.send('ready');
  });
}
