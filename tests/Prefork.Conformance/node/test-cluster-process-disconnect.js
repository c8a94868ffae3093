'use strict';
const { cluster, net, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0),
  worker: () => net.createServer().listen(0, '127.0.0.1', () => process.disconnect()),
});
