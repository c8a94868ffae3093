'use strict';
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    const messages = [];
    const worker = cluster.fork().on('message', must('message', 3, m => messages.push(m)));
    worker.on('online', () => worker.send('go on'));
    worker.on('exit', must('exit', 1, () => assert.deepStrictEqual(messages, ['1', '2', '3'])));
  },
  worker() {
    process.send('1');
    process.once('message', () => {
      process.send('2');
      process.send('3', () => process.disconnect());
    });
  },
});
