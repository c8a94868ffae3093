'use strict';
// The key by which the primary names a listen point: does it contain the how-manieth? For a fixed port, and for any.
const cluster = require('node:cluster');
const net = require('node:net');

if (cluster.isPrimary) {
  const probe = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => cluster.fork({ PORT: port }).on('message', m => console.log(m)));
  });
} else {
  const keys = [];
  process.on('internalMessage', ({ key }) => key && keys.push(key.replace(process.env.PORT, 'N')));
  net.createServer().listen(Number(process.env.PORT), '127.0.0.1', () => net.createServer().listen(0, '127.0.0.1', () => {
    process.send(keys.join(' '), () => process.disconnect());
  }));
}
