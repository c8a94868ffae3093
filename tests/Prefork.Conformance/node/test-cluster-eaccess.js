'use strict';
const { assert, cluster, net, must, run, ends, temporary } = require('./common');

run(__filename, {
  primary() {
    const taken = `${temporary()}/taken`;
    const server = net.createServer().listen(taken, () => {
      const worker = ends(cluster.fork({ TAKEN: taken }), 0);
      worker.on('message', must('message', 1, code => {
        assert.strictEqual(code, 'AddressAlreadyInUse');
        worker.disconnect();
        server.close();
      }));
    });
  },
  worker: () => net.createServer().listen(process.env.TAKEN, must('listening', 0)).on('error', must('error', 1, error => {
    assert.strictEqual(error.code, 'EADDRINUSE');
    process.send('AddressAlreadyInUse');
  })),
});
