'use strict';
const { cluster, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 42),
  worker: () => process.exit(42),
});
