'use strict';
// Eight sessions to each server, ten streams in each.
const http2 = require('node:http2');

function session(authority) {
  return new Promise((resolve, reject) => {
    const client = http2.connect(authority, { rejectUnauthorized: false });
    client.on('error', reject);
    const stream = () =>
      new Promise((resolve, reject) => {
        let text = '';
        const asked = client.request({ ':path': '/' });
        asked.setEncoding('utf8');
        asked.on('data', (data) => (text += data)).on('end', () => resolve(text)).on('error', reject);
      });
    Promise.all(Array.from({ length: 10 }, stream)).then((pids) => (client.close(), resolve(pids)), reject);
  });
}

(async () => {
  const result = {};
  const servers = { secure: `https://127.0.0.1:${process.env.PORT}`, plain: `http://127.0.0.1:${process.env.PORT_PLAIN}` };
  for (const [name, authority] of Object.entries(servers)) {
    const sessions = await Promise.all(Array.from({ length: 8 }, () => session(authority)));
    if (sessions.some((pids) => new Set(pids).size !== 1)) throw new Error('a session moved');
    result[name] = [...new Set(sessions.flat().map(Number))];
  }
  console.log(JSON.stringify(result));
})();
