'use strict';
// Listens on PORT, then once more on it, and prints how that went.
const net = require('node:net');
const told = (name) => (error) => console.log(`${name} ${error ? `${error.code} ${error.syscall} ${error.port}` : 'listens'}`);
const listen = (name, then) => {
  const server = net.createServer();
  server.on('error', (error) => (told(name)(error), then()));
  server.listen(Number(process.env.PORT), () => (told(name)(), then()));
};
listen('first', () => listen('second', () => {}));
