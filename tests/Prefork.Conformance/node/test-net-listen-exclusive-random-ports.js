'use strict';
const { assert, cluster, net, must, run } = require('./common');

run(__filename, {
  primary() {
    const ports = new Set();
    for (let i = 0; i < 2; i++) {
      cluster.fork().on('message', must('message', 1, port => {
        assert.ok(port > 0);
        if (ports.add(port).size === 2) cluster.disconnect();
      }));
    }
  },
  worker() {
    const server = net.createServer().listen({ port: 0, exclusive: true }, () => process.send(server.address().port));
    process.on('disconnect', () => server.close());
    cluster.worker.on('disconnect', () => process.exit(0));
  },
});
