'use strict';
// HTTP/2 without TLS; ends its answers when it hears `go`.
const http2 = require('node:http2');
const server = http2.createServer();
const streams = [];
server.on('stream', (stream) => {
  stream.respond({ ':status': 200 });
  stream.write('who');
  streams.push(stream);
});
process.on('message', () => streams.forEach((stream) => stream.end('le')));
server.listen(Number(process.env.PORT), () => process.send('ready'));
