'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0).on('message', must('message', 1, m => assert.strictEqual(m, 'ok'))),
  worker: () => process.send('ok', must('callback', 1, error => {
    assert.strictEqual(error, null);
    process.disconnect();
  })),
});
