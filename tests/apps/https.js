'use strict';
// HTTPS; says whether a session was taken up again.
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const file = (name) => fs.readFileSync(path.join(__dirname, name));
https
  .createServer({ key: file('localhost.key'), cert: file('localhost.crt') }, (request, response) => {
    response.end(JSON.stringify({ pid: process.pid, resumed: request.socket.isSessionReused() }));
  })
  .listen(Number(process.env.PORT), () => process.send('ready'));
