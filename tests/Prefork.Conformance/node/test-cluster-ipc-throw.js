'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const taken = net.createServer().listen(0, () => ends(cluster.fork({ PORT: taken.address().port }), 0).on('exit', () => taken.close()));
  },
  worker() {
    process.once('uncaughtException', must('the exception of the handler', 1, error => assert.strictEqual(error.message, 'thrown over an error')));
    net.createServer().listen(Number(process.env.PORT), must('listening', 0)).on('error', must('error', 1, error => {
      assert.strictEqual(error.code, 'EADDRINUSE');
      cluster.worker.disconnect();
      throw new Error('thrown over an error');
    }));
  },
});
