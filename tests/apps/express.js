'use strict';
const express = require('express');
const app = express();
app.use(express.json());
app.get('/', (request, response) => response.json({ pid: process.pid }));
app.post('/', (request, response) => response.json(request.body));
app.listen(Number(process.env.PORT), () => process.send('ready'));
