'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    worker.on('listening', () => worker.disconnect());
    worker.on('disconnect', must('disconnect', 1, () => {
      assert.strictEqual(worker.isConnected(), false);
      worker.send('gone', must('error', 1, error => assert.strictEqual(error.code, 'ERR_IPC_CHANNEL_CLOSED')));
    }));
  },
  worker() {
    process.on('disconnect', must('disconnect in the worker', 1, () => assert.strictEqual(process.connected, false)));
    net.createServer().listen(0, '127.0.0.1');
  },
});
