'use strict';
// Answers each datagram with its process and the datagram.
const dgram = require('node:dgram');
const socket = dgram.createSocket('udp4');
socket.on('message', (message, { port, address }) => socket.send(`${process.pid} ${message}`, port, address));
socket.bind(Number(process.env.PORT), () => process.send('ready'));
