'use strict';
const readline = require('node:readline');
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    cluster.setupPrimary({ silent: true });
    const worker = cluster.fork();
    let output = '';
    worker.process.stdout.setEncoding('utf8').on('data', text => {
      const before = output;
      output += text;
      if (!before.includes('\n') && output.includes('\n')) worker.process.stdin.end('to stdin\n');
    });
    worker.process.stderr.setEncoding('utf8').once('data', must('errors', 1, text => assert.strictEqual(text, 'to stderr\n')));
    worker.on('message', must('message', 1, m => {
      assert.strictEqual(m, 'testing IPC');
      worker.disconnect();
    }));
    worker.process.on('close', must('close', 1, () => assert.strictEqual(output, 'to stdout\nheard to stdin\n')));
  },
  worker() {
    console.log('to stdout');
    console.error('to stderr');
    const lines = readline.createInterface({ input: process.stdin }).once('line', line => {
      console.log(`heard ${line}`);
      lines.close();
      process.send('testing IPC');
    });
  },
});
