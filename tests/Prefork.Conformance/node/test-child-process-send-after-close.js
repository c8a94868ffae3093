'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    worker.process.on('close', must('close', 1, () => {
      assert.strictEqual(worker.isConnected(), false);
      const gone = must('error', 2, error => assert.strictEqual(error.code, 'ERR_IPC_CHANNEL_CLOSED'));
      worker.send('foo', gone);
      const server = net.createServer().listen(0, '127.0.0.1', () => worker.send('foo', server, error => {
        gone(error);
        server.close();
      }));
    }));
  },
  worker: () => process.disconnect(),
});
