'use strict';
const { cluster, net, must, run, ends } = require('./common');

run(__filename, {
  policy: cluster.SCHED_NONE,
  primary() {
    const first = ends(cluster.fork(), 0);
    first.once('listening', must('listening', 1, () => ends(cluster.fork(), 0).on('exit', () => first.disconnect())));
  },
  worker() {
    const server = net.createServer();
    server.listen(0, () => {
      if (cluster.worker.id === 2) {
        server.close(() => server.listen(0, () => server.close(() => process.disconnect())));
      }
    });
  },
});
