'use strict';
// A name that means a link-local address first, and then another one: which one does the worker listen on?
const dns = require('node:dns');
const cluster = require('node:cluster');
const net = require('node:net');

if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.process.on('internalMessage', ({ act, address }) => {
    if (act !== 'queryServer') return;
    console.log(address);
    process.exit();
  });
} else {
  const found = [{ address: 'fe80::1', family: 6 }, { address: '127.0.0.1', family: 4 }];
  dns.lookup = (name, options, done) => {
    const [all, callback] = typeof options === 'function' ? [false, options] : [options.all, done];
    process.nextTick(() => all ? callback(null, found) : callback(null, found[0].address, found[0].family));
  };
  net.createServer().listen(0, 'two-addresses.test').on('error', () => {});
}
