'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    worker.on('listening', ({ port }) => {
      const client = net.connect(port, '127.0.0.1');
      client.once('data', must('data', 1, () => {
        worker.disconnect();
        client.end();
      }));
    });
  },
  worker() {
    let closed = false;
    const server = net.createServer(connection => {
      connection.write('.');
      connection.resume();
    }).listen(0, '127.0.0.1');
    server.once('close', () => { closed = true; });
    cluster.worker.on('disconnect', must('disconnect', 1, () => assert.ok(closed)));
  },
});
