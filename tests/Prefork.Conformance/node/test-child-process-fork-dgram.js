'use strict';
const dgram = require('node:dgram');
const { assert, cluster, must, run, ends, handleOf } = require('./common');

run(__filename, {
  primary() {
    const client = dgram.createSocket('udp4');
    const worker = ends(cluster.fork(), 0);
    const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
      // Until the worker has had its part.
      handleOf(socket).recvStop();
      const { port } = socket.address();
      worker.send('server', socket, () => client.send('for the worker', port, '127.0.0.1'));
      worker.on('message', must('message', 1, () => {
        handleOf(socket).recvStart();
        client.send('for the primary', port, '127.0.0.1');
      }));
      socket.on('message', must('datagram', 1, text => {
        assert.strictEqual(text.toString(), 'for the primary');
        socket.close();
        client.close();
        worker.disconnect();
      }));
    });
  },
  worker: () => process.on('message', (_, socket) => socket.once('message', text => {
    assert.strictEqual(text.toString(), 'for the worker');
    socket.close(() => process.send('received'));
  })),
});
