'use strict';
// A listening socket goes to the worker, and both processes accept from it.
const { cluster, net, must, run, ends, hear } = require('./common');

module.exports = file => run(file, {
  primary() {
    const heard = new Set();
    cluster.on('listening', must('listening', 0));
    const worker = ends(cluster.fork(), 0);
    const server = net.createServer(connection => connection.end('primary')).listen(0, '127.0.0.1', () => {
      worker.send('server', server);
      worker.on('message', must('ready', 1, function connect() {
        hear(net.connect(server.address().port, '127.0.0.1'), text => {
          heard.add(text);
          if (heard.has('worker') && heard.has('primary')) {
            server.close(must('close', 1, () => worker.disconnect()));
          } else {
            connect();
          }
        });
      }));
    });
  },
  worker: () => process.on('message', must('message', 1, (_, server) => {
    server.on('connection', connection => {
      connection.end('worker');
      server.close();
    });
    process.send('ready');
  })),
});
