'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 42);
    cluster.on('disconnect', must('disconnect', 1, () => {
      assert.strictEqual(worker.state, 'disconnected');
      assert.strictEqual(worker.exitedAfterDisconnect, true);
      assert.ok(!worker.isConnected());
    }));
    worker.on('listening', () => assert.strictEqual(worker.disconnect(), worker));
  },
  worker() {
    cluster.worker.on('disconnect', () => process.exit(42));
    net.createServer().listen(0, '127.0.0.1');
  },
});
