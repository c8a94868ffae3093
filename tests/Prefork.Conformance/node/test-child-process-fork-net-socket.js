'use strict';
const { assert, cluster, net, must, run, ends, hear } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    const server = net.createServer({ pauseOnConnect: true }, socket => worker.send('socket', socket)).listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1', () => client.write('question'));
      hear(client, must('end', 1, text => {
        assert.strictEqual(text, 'answer of 1');
        server.close();
        worker.disconnect();
      }));
    });
  },
  worker: () => process.on('message', (_, socket) => socket.once('data', () => socket.end(`answer of ${cluster.worker.id}`))),
});
