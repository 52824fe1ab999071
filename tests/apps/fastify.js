'use strict';
const app = require('fastify')();
app.get('/', async () => ({ pid: process.pid }));
app.post('/', async (request) => request.body);
app.listen({ port: Number(process.env.PORT), host: '0.0.0.0' }).then(() => process.send('ready'));
