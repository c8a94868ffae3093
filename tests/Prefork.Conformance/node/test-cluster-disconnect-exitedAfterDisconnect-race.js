'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0),
  worker() {
    let fired = false;
    cluster.worker.on('disconnect', must('disconnect', 1, () => { fired = true; }));
    cluster.worker.disconnect();
    process.nextTick(() => assert.ok(!fired));
  },
});
