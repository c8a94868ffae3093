'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    let count = 0;
    worker.on('message', must('message', 2, text => {
      assert.strictEqual(text, 'SOME MESSAGE');
      if (++count === 2) worker.send('exit');
    }));
    worker.on('online', () => assert.ok(worker.send('SOME MESSAGE')));
  },
  worker() {
    for (const emitter of [process, cluster.worker]) {
      emitter.on('message', text => text === 'exit' ? process.exit(0) : process.send(text));
    }
  },
});
