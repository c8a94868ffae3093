'use strict';
// A worker that listens with reusePort: does it ask the primary?
const cluster = require('node:cluster');
const net = require('node:net');

if (cluster.isPrimary) {
  let asks = 0;
  const worker = cluster.fork();
  worker.process.on('internalMessage', ({ act }) => { asks += act === 'queryServer'; });
  worker.on('message', () => console.log(asks === 0 ? 'listens by itself' : 'asks the primary'));
} else {
  net.createServer().listen({ host: '127.0.0.1', port: 0, reusePort: true }, () => process.send('listens', () => process.disconnect()));
}
