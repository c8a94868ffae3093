'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGTERM').on('exit', must('end', 1, () => assert.strictEqual(worker.process.kill(), false)));
    worker.destroy();
  },
  worker() {},
});
