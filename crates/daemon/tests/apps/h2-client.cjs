'use strict';
// One request; says how it goes, and what the session is told.
const http2 = require('node:http2');
const session = http2.connect(`http://127.0.0.1:${process.env.PORT}`);
const request = session.request({ ':path': '/' });
let text = '';
request.setEncoding('utf8');
request.on('response', () => console.log('begun'));
request.on('data', (data) => (text += data));
request.on('end', () => console.log(`answered ${text}`));
session.on('goaway', () => console.log('goaway'));
