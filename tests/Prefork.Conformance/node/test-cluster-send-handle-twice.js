'use strict';
const { cluster, net, run, ends } = require('./common');

run(__filename, {
  primary() {
    ends(cluster.fork(), 0);
  },
  worker() {
    const server = net.createServer(socket => {
      process.send('send-handle-1', socket);
      process.send('send-handle-2', socket);
    });
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.on('connect', () => client.end());
      client.on('close', () => cluster.worker.disconnect());
    });
  },
});
