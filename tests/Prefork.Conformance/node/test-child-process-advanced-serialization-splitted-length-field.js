'use strict';
const { assert, cluster, must, run, ends } = require('./common');

const size = 65521;

run(__filename, {
  serialization: 'advanced',
  primary: () => ends(cluster.fork(), 0).on('message', must('message', 10, message => assert.strictEqual(message.length, size))),
  worker() {
    let count = 10;
    const message = Buffer.alloc(size);
    (function send() {
      if (count--) {
        process.send(message, send);
      } else {
        process.nextTick(() => process.exit(0));
      }
    })();
  },
});
