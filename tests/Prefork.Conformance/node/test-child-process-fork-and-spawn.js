'use strict';
const { spawn } = require('node:child_process');
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0),
  worker: () => spawn(process.execPath, ['-e', 'process.exit(process.send || require("node:cluster").isWorker ? 1 : 0)'])
    .on('exit', must('exit of the child', 1, code => {
      assert.strictEqual(code, 0);
      process.disconnect();
    })),
});
