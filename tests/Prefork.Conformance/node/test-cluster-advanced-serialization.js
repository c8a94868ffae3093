'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  serialization: 'advanced',
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGTERM');
    const circular = {};
    circular.circular = circular;
    worker.on('online', must('online', 1, () => worker.send(circular)));
    worker.on('message', must('message', 1, received => {
      assert.deepStrictEqual(received, circular);
      worker.kill();
    }));
  },
  worker: () => process.on('message', message => process.send(message)),
});
