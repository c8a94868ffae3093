'use strict';
// Connections that the primary accepted go to its workers in turn, which serve them.
const { assert, cluster, net, must, run, ends, hear } = require('./common');

module.exports = (file, workers, connections) => run(file, {
  primary() {
    const all = Array.from({ length: workers }, () => ends(cluster.fork(), 0));
    let accepted = 0;
    let answered = 0;
    const server = net.createServer({ pauseOnConnect: true }, socket => all[accepted++ % workers].send('socket', socket)).listen(0, '127.0.0.1', () => {
      const heard = new Map();
      for (let i = 0; i < connections; i++) {
        const client = net.connect(server.address().port, '127.0.0.1', () => client.write('question'));
        hear(client, must('end', 1, text => {
          heard.set(text, (heard.get(text) ?? 0) + 1);
          if (++answered < connections) return;
          assert.deepStrictEqual([...heard].sort(), all.map(worker => [`answer of ${worker.id}`, connections / workers]).sort());
          server.close(must('close', 1, () => cluster.disconnect()));
        }));
      }
    });
  },
  worker: () => process.on('message', (_, socket) => socket.once('data', () => socket.end(`answer of ${cluster.worker.id}`))),
});
