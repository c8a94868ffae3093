'use strict';
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    worker.on('online', () => worker.send({ cmd: 'NODE_CLUSTER', ack: -1 }, () => worker.disconnect()));
  },
  worker: () => process.on('message', must('message', 0)),
});
