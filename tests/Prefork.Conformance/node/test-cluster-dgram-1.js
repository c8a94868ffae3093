'use strict';
const dgram = require('node:dgram');
const { assert, cluster, must, run, ends } = require('./common');

const each = 10;
run(__filename, {
  primary() {
    let listening = 0;
    cluster.on('listening', must('listening', 4, (_, { port, addressType }) => {
      assert.strictEqual(addressType, 'udp4');
      if (++listening < 4) return;
      const socket = dgram.createSocket('udp4');
      let left = 4 * each;
      const send = () => left-- > 0 ? socket.send('hello world', port, '127.0.0.1', send) : socket.close();
      send();
    }));
    for (let i = 0; i < 4; i++) {
      const worker = ends(cluster.fork(), 0);
      worker.on('message', must('message', 1, received => {
        assert.strictEqual(received, each);
        worker.disconnect();
      }));
    }
  },
  worker() {
    let received = 0;
    const socket = dgram.createSocket('udp4');
    socket.on('message', () => {
      if (++received === each) {
        socket.close();
        process.send(received);
      }
    }).bind(0, '127.0.0.1');
  },
});
