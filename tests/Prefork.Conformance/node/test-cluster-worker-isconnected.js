'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    assert.ok(worker.isConnected());
    worker.on('disconnect', must('disconnect', 1, () => assert.ok(!worker.isConnected())));
    worker.on('message', must('message', 1, text => {
      assert.strictEqual(text, 'readyToDisconnect');
      worker.disconnect();
    }));
  },
  worker() {
    assert.ok(cluster.worker.isConnected());
    cluster.worker.on('disconnect', must('disconnect', 1, () => assert.ok(!cluster.worker.isConnected())));
    cluster.worker.send('readyToDisconnect');
  },
});
