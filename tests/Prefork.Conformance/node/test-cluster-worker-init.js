'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    worker.on('message', must('message', 1, same => {
      assert.strictEqual(same, true);
      assert.strictEqual(worker.disconnect(), worker);
    }));
    worker.on('online', () => worker.send('hello'));
  },
  worker: () => cluster.worker.on('message', text => process.send(text === 'hello')),
});
