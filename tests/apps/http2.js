'use strict';
// HTTP/2 with TLS on PORT and without on PORT_PLAIN.
const fs = require('node:fs');
const http2 = require('node:http2');
const path = require('node:path');
const file = (name) => fs.readFileSync(path.join(__dirname, name));
const answer = (stream) => {
  stream.respond({ ':status': 200 });
  stream.end(String(process.pid));
};
const secure = http2.createSecureServer({ key: file('localhost.key'), cert: file('localhost.crt') });
const plain = http2.createServer().on('stream', answer);
secure.on('stream', answer).listen(Number(process.env.PORT), () => {
  plain.listen(Number(process.env.PORT_PLAIN), () => process.send('ready'));
});
