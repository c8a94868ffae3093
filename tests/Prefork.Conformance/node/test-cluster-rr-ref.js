'use strict';
const { assert, cluster, net, must, run } = require('./common');

run(__filename, {
  primary() {
    const worker = cluster.fork().on('message', must('message', 1, m => {
      assert.strictEqual(m, 'closed');
      worker.disconnect();
    }));
  },
  worker() {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      server.unref();
      server.ref();
      server.close(() => process.send('closed'));
    });
  },
});
