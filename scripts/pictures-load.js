// Asks the example services again and again, now more, now less, until it is ended.
const http = require('node:http');

const base = Number(process.argv[2]) * 100;
const ports = [0, 0, 0, 1, 2, 3, 5, 6].map((port) => base + port);
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
let asked = 0;

setInterval(() => {
  const wave = Math.sin(Date.now() / 7000) ** 2 * 12 + Math.random() * 4;
  for (let count = 0; count < wave; count += 1) {
    const port = ports[(asked += 1) % ports.length];
    const request = http.get({ port, path: asked % 50 ? '/health' : '/no-such-page', agent });
    request.on('response', (response) => response.resume());
    request.on('error', () => {});
  }
}, 40);
