'use strict';
const { assert, cluster, net, must, run, ends, hear } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGTERM');
    worker.on('listening', ({ port }) => hear(net.connect(port, '127.0.0.1'), must('end', 1, text => {
      assert.strictEqual(text, 'alive');
      assert.strictEqual(worker.isDead(), false);
      worker.process.kill();
    })));
  },
  worker: () => net.createServer(connection => connection.end('alive')).listen(0, '127.0.0.1', () => process.channel.unref()),
});
