'use strict';
const { execFileSync } = require('node:child_process');
const { assert, cluster, net, must, run, ends } = require('./common');

const backlog = 127;
run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    worker.on('listening', must('listening', 1, ({ port }) => {
      // The length of the kernel's queue is the column Send-Q.
      assert.strictEqual(execFileSync('ss', ['-Htln', `sport = :${port}`], { encoding: 'utf8' }).split(/ +/)[2], `${backlog}`);
      worker.disconnect();
    }));
  },
  worker: () => net.createServer().listen({ host: '127.0.0.1', port: 0, backlog }),
});
