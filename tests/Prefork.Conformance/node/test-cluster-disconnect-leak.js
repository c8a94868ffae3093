'use strict';
const { cluster, net, must, run } = require('./common');

run(__filename, {
  policy: cluster.SCHED_NONE,
  primary() {
    cluster.fork().on('disconnect', must('disconnect', 1)).on('exit', must('exit', 1));
    cluster.disconnect();
  },
  worker: () => net.createServer().listen(0, '127.0.0.1'),
});
