'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    process.env.CLUSTER_TEST_OVERWRITE = 'this is overwritten';
    const worker = ends(cluster.fork({ CLUSTER_TEST_OVERWRITE: 'this is the new value', CLUSTER_TEST_EXTRA: 'this is something new' }), 0);
    worker.on('message', must('message', 1, text => {
      assert.strictEqual(text, 'this is the new value|this is something new');
      worker.disconnect();
    }));
  },
  worker: () => assert.ok(process.send(`${process.env.CLUSTER_TEST_OVERWRITE}|${process.env.CLUSTER_TEST_EXTRA}`)),
});
