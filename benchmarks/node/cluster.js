// What every Node contender's primary does: forks, says "ready" when all listen, forks again after a death, and on SIGTERM ends all workers.
'use strict';
const cluster = require('cluster');

exports.runPrimary = (workers, { onReady = () => {} } = {}) => {
  let listening = 0;
  cluster.on('listening', () => {
    if (++listening === workers) {
      onReady();
      console.log('ready');
    }
  });
  cluster.on('exit', (worker) => {
    if (!worker.exitedAfterDisconnect) {
      cluster.fork();
    }
  });
  process.on('SIGTERM', () => cluster.disconnect(() => process.exit(0)));
  for (let i = 0; i < workers; i++) {
    cluster.fork();
  }
};
