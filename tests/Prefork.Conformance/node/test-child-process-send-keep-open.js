'use strict';
const { assert, cluster, net, must, run, ends, hear } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    let accepted;
    const server = net.createServer(socket => {
      accepted = socket;
      worker.send('socket', socket, { keepOpen: true });
    }).listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.once('data', () => accepted.end('from primary', () => worker.disconnect()));
      hear(client, must('end', 1, text => {
        assert.strictEqual(text, 'from workerfrom primary');
        server.close();
      }));
    });
  },
  worker() {
    let held;
    process.on('message', (_, socket) => {
      held = socket;
      socket.write('from worker');
    });
    cluster.worker.on('disconnect', () => held.destroy());
  },
});
