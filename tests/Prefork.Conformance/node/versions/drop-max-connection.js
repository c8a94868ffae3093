'use strict';
// A worker that has enough: is the connection given back to the primary, or dropped by the worker?
const cluster = require('node:cluster');
const net = require('node:net');

if (cluster.isPrimary) {
  let declined = 0;
  const worker = cluster.fork();
  worker.process.on('internalMessage', ({ accepted }) => {
    if (accepted === undefined || ++declined > 2) return;
    if (accepted || declined === 2) {
      console.log(accepted ? 'drop' : 'declined');
      process.exit();
    }
  });
  worker.on('listening', ({ port }) => net.connect(port, '127.0.0.1').on('error', () => {}));
} else {
  const server = net.createServer(() => {});
  server.maxConnections = -1;
  server.dropMaxConnection = true;
  server.listen(0, '127.0.0.1');
}
