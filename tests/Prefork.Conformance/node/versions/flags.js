'use strict';
// What a worker that listens without a host, for IPv6 alone, asks for. The answer says whether the primary heard it.
const cluster = require('node:cluster');
const net = require('node:net');

if (cluster.isPrimary) {
  cluster.fork().process.on('internalMessage', ({ act, flags }) => act === 'queryServer' && console.log(`flags ${flags}`));
} else {
  net.createServer().listen({ port: 0, ipv6Only: true }, () => process.disconnect());
}
