'use strict';
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    cluster.setupPrimary({ silent: true });
    const worker = cluster.fork();
    const told = [];
    let output = '';
    worker.process.stdout.setEncoding('utf8').on('data', text => { output += text; });
    worker.on('message', must('message', 1, () => told.push('message')));
    worker.on('exit', must('exit', 1, () => told.push('exit')));
    worker.process.on('close', must('close', 1, () => {
      assert.deepStrictEqual(told, ['message', 'exit']);
      assert.strictEqual(output.trim(), 'hello');
    }));
  },
  worker() {
    console.log('hello');
    process.send('hello', () => process.disconnect());
  },
});
