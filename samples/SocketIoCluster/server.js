'use strict';
// A worker: an ordinary socket.io server with the two packages that Node's own cluster needs, too.
const cluster = require('node:cluster');
const http = require('node:http');
const { createAdapter } = require('@socket.io/cluster-adapter');
const { setupWorker } = require('@socket.io/sticky');
const { Server } = require('socket.io');

const io = new Server(http.createServer());
io.adapter(createAdapter());
setupWorker(io);

const me = cluster.worker.id;
io.on('connection', socket => {
  socket.emit('welcome', me);
  socket.on('say', what => io.emit('said', what, me));
  socket.on('count', async reply => reply((await io.fetchSockets()).length));
});

process.on('disconnect', () => io.close());
process.send('ready');
