'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGTERM').process;
    assert.strictEqual(worker.signalCode, null);

    // 0 asks whether it is there, and sends nothing.
    assert.strictEqual(worker.kill(0), true);
    assert.throws(() => worker.kill(1000), { code: 'ERR_UNKNOWN_SIGNAL' });
    assert.strictEqual(worker.kill(), true);
    worker.on('exit', must('exit of the process', 1, () => {
      assert.strictEqual(worker.signalCode, 'SIGTERM');
      assert.strictEqual(worker.kill(), false);
      assert.strictEqual(worker.kill(0), false);
    }));
  },
  worker() {},
});
