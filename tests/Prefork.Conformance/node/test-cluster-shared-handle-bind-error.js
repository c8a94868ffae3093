'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  policy: cluster.SCHED_NONE,
  primary() {
    const taken = net.createServer().listen(0, '127.0.0.1', () => {
      ends(cluster.fork({ PORT: taken.address().port }), 0).on('exit', () => taken.close());
    });
  },
  worker() {
    net.createServer().listen(Number(process.env.PORT), '127.0.0.1', must('listening', 0)).on('error', must('error', 1, error => {
      assert.strictEqual(error.code, 'EADDRINUSE');
      cluster.worker.disconnect();
    }));
  },
});
