'use strict';
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    const worker = cluster.fork().on('exit', must('exit', 1)).on('disconnect', must('disconnect', 1, () => {
      assert.strictEqual(worker.isConnected(), false);
      worker.destroy();
    }));
  },
  worker() {
    assert.strictEqual(cluster.worker.isConnected(), true);
    cluster.worker.disconnect();
  },
});
