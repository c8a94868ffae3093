'use strict';
const { assert, cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), null, 'SIGTERM');
    cluster.on('message', must('message on the cluster', 2, from => assert.strictEqual(from, worker)));
    worker.on('message', must('message on the worker', 2, text => {
      if (text.startsWith('listening ')) {
        worker.send('message from primary');
        const client = net.connect(Number(text.split(' ')[1]), '127.0.0.1');
        client.once('data', must('data', 1, data => {
          assert.strictEqual(data.toString(), 'message from primary');
          client.write('message from client');
        }));
        client.on('error', () => {});
      } else {
        assert.strictEqual(text, 'message from client');
        worker.kill();
      }
    }));
  },
  worker() {
    let heard;
    const message = new Promise(resolve => { heard = resolve; });
    process.on('message', heard);
    const server = net.createServer(async connection => {
      connection.once('data', data => process.send(data.toString()));
      connection.write(await message);
    }).listen(0, '127.0.0.1', () => process.send(`listening ${server.address().port}`));
  },
});
