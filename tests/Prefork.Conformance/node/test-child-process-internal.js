'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0).on('message', must('message', 1, m => assert.strictEqual(m.cmd, 'fooNODE_'))),
  worker() {
    process.send({ cmd: 'fooNODE_' });
    process.send({ cmd: 'NODE_bar' }, () => process.disconnect());
  },
});
