'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGTERM');
    worker.on('listening', must('listening', 1, ({ port, address }) => {
      assert.ok(port > 0);
      assert.strictEqual(address, '127.0.0.1');
      worker.kill();
    }));
  },
  worker: () => net.createServer().listen(0, '127.0.0.1'),
});
