'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 42);
    worker.on('disconnect', must('disconnect', 1, () => {
      assert.strictEqual(worker.state, 'disconnected');
      assert.strictEqual(worker.exitedAfterDisconnect, false);
    }));
    cluster.on('exit', must('cluster exit', 1, () => assert.deepStrictEqual(Object.keys(cluster.workers), [])));
    worker.on('listening', () => worker.send('exit'));
  },
  worker() {
    process.on('message', () => process.exit(42));
    net.createServer().listen(0, '127.0.0.1');
  },
});
