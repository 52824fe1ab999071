'use strict';
// A plain process: says who it is, and answers what it hears once.
process.send('ready');
process.send({ hello: 'world' });
process.on('message', (heard) => process.send({ heard }, () => process.disconnect()));
