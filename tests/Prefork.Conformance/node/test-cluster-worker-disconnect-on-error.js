'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  policy: cluster.SCHED_NONE,
  primary() {
    const taken = net.createServer().listen(0, '127.0.0.1', () => {
      const worker = ends(cluster.fork({ PORT: taken.address().port }), 0);
      worker.on('disconnect', must('disconnect', 1, () => assert.strictEqual(worker.exitedAfterDisconnect, true))).on('exit', () => taken.close());
    });
  },
  worker: () => net.createServer().listen(Number(process.env.PORT), '127.0.0.1').on('error', must('error', 1, () => cluster.worker.disconnect())),
});
