'use strict';
const fastify = require('fastify');

const app = fastify();
app.get('/', async () => `${process.pid}`);
app.get('/hello/:name', async request => ({ hello: request.params.name, address: request.ip }));
app.post('/sum', async request => ({ sum: request.body.numbers.reduce((a, b) => a + b, 0) }));
app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
