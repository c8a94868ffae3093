'use strict';
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    for (const worker of [cluster.fork(), cluster.fork()]) ends(worker, 0).on('disconnect', must('disconnect', 1));
  },
  worker() {
    if (cluster.worker.id === 1) {
      cluster.worker.destroy();
    } else {
      cluster.worker.on('disconnect', () => cluster.worker.destroy());
      cluster.worker.disconnect();
    }
  },
});
