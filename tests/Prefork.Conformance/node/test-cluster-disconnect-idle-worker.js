'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const fork = cluster.fork;
    ends(fork(), 0);
    cluster.disconnect(must('the end', 1, () => assert.deepStrictEqual(Object.keys(cluster.workers), [])));
  },
  worker() {},
});
