'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const workers = [1, 2, 3, 4].map(() => ends(cluster.fork(), 0));
    const tell = what => workers.filter(worker => worker.isConnected()).forEach(worker => worker.send(what(worker)));
    let online = 0;
    for (const worker of workers) {
      worker.on('online', () => { if (++online === workers.length) tell(({ id }) => id % 2 ? 'destroy' : 'disconnect'); });
      worker.on('error', error => assert.ok(['EPIPE', 'ECONNRESET'].includes(error.code), error));
      worker.on('disconnect', must('disconnect', 1, () => tell(() => 'disconnect')));
    }
  },
  worker: () => process.on('message', what => cluster.worker.isConnected() && cluster.worker[what]()),
});
