'use strict';
const { assert, cluster, must, run, ends } = require('./common');

const size = 8 * 1024 * 1024;

run(__filename, {
  serialization: 'advanced',
  primary() {
    let next = 0;
    ends(cluster.fork(), 0).on('message', must('message', 4, chunk => assert.deepStrictEqual(chunk, new Uint8Array(size).fill(next++))));
  },
  worker() {
    for (let i = 0; i < 4; i++) {
      process.send(new Uint8Array(size).fill(i), i === 3 ? () => process.disconnect() : undefined);
    }
  },
});
