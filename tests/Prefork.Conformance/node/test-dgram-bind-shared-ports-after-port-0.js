'use strict';
const dgram = require('node:dgram');
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    cluster.fork().once('listening', must('listening', 1, ({ port }) => {
      cluster.fork({ PORT: port }).on('message', must('message', 1, code => {
        assert.strictEqual(code, 'AddressAlreadyInUse');
        cluster.disconnect();
      }));
    }));
  },
  worker: () => dgram.createSocket('udp4').bind(Number(process.env.PORT ?? 0), '127.0.0.1').on('error', error => {
    assert.strictEqual(error.code, 'EADDRINUSE');
    process.send('AddressAlreadyInUse');
  }),
});
