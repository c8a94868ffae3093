'use strict';
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    const told = [];
    cluster.on('fork', must('fork', 1, worker => {
      assert.ok(worker.process.pid > 0);
      told.push('fork');
    }));
    cluster.on('message', must('message', 1, () => told.push('message')));
    cluster.on('exit', must('exit', 1, () => assert.deepStrictEqual(told, ['fork', 'message'])));
    cluster.fork();
  },
  worker: () => process.send('here', () => process.disconnect()),
});
