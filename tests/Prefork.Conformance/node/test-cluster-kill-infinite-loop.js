'use strict';
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGTERM');
    worker.on('message', must('message', 1, () => worker.process.kill()));
  },
  worker: () => process.send('starting infinite loop', () => { for (;;); }),
});
