'use strict';
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    const worker = cluster.fork();
    assert.ok(!worker.isDead());
    worker.on('exit', must('exit', 1, () => assert.ok(worker.isDead())));
  },
  worker: () => process.exit(),
});
