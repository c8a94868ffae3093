'use strict';
const express = require('express');

const app = express();
app.use(express.json());
app.get('/', (request, response) => response.send(`${process.pid}`));
app.get('/hello/:name', (request, response) => response.json({ hello: request.params.name, address: request.socket.remoteAddress }));
app.post('/sum', (request, response) => response.json({ sum: request.body.numbers.reduce((a, b) => a + b, 0) }));
app.listen(Number(process.argv[2]), '127.0.0.1');
