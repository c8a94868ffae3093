'use strict';
const { cluster, run, ends } = require('./common');

run(__filename, {
  primary() {
    const unforced = ends(cluster.fork(), 42);
    const forced = ends(cluster.fork(), 0);
    unforced.on('online', () => unforced.disconnect());
    forced.on('online', () => forced.process.disconnect());
  },
  worker() {
    process.on('disconnect', () => setTimeout(() => process.exit(42), 10));
  },
});
