'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGKILL');
    cluster.on('disconnect', must('disconnect', 1, () => assert.strictEqual(worker.exitedAfterDisconnect, false)));
    cluster.on('exit', must('cluster exit', 1, () => {
      assert.strictEqual(worker.state, 'dead');
      assert.deepStrictEqual(Object.keys(cluster.workers), []);
    }));
    worker.on('listening', () => worker.kill('SIGKILL'));
  },
  worker: () => net.createServer().listen(0, '127.0.0.1'),
});
