'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    ends(cluster.fork(), 0).on('message', must('message', 1, (text, socket) => {
      assert.strictEqual(text, 'handle');
      socket.on('end', must('end', 1)).resume();
      socket.write('hello');
    }));
  },
  worker() {
    const server = net.createServer(connection => connection.once('data', must('data', 1, data => {
      assert.strictEqual(data.toString(), 'hello');
      connection.end(() => process.disconnect());
      server.close();
    }))).listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const client = net.connect(server.address().port, '127.0.0.1', () => process.send('handle', client));
    });
  },
});
