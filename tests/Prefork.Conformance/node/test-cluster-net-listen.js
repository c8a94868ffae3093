'use strict';
const { cluster, net, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0),
  worker: () => net.createServer().listen(() => cluster.worker.disconnect()),
});
