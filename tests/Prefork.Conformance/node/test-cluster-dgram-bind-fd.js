'use strict';
const dgram = require('node:dgram');
const { assert, cluster, must, run, ends, handleOf } = require('./common');

const each = 10;
run(__filename, {
  primary() {
    const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
      // What comes is the workers' alone.
      handleOf(socket).recvStop();
      let listening = 0;
      cluster.on('listening', must('listening', 4, (_, { port, addressType }) => {
        assert.strictEqual(addressType, 'udp4');
        assert.strictEqual(port, socket.address().port);
        if (++listening < 4) return;
        const sender = dgram.createSocket('udp4');
        let left = 4 * each;
        const send = () => left-- > 0 ? sender.send('hello world', port, '127.0.0.1', send) : sender.close();
        send();
      }));
      let exits = 0;
      for (let i = 0; i < 4; i++) {
        const worker = ends(cluster.fork({ UDP_FD: handleOf(socket).fd }), 0).on('exit', () => ++exits === 4 && socket.close());
        worker.on('message', must('message', 1, received => {
          assert.strictEqual(received, each);
          worker.disconnect();
        }));
      }
    });
  },
  worker() {
    let received = 0;
    const socket = dgram.createSocket('udp4');
    socket.on('message', () => {
      if (++received === each) {
        socket.close();
        process.send(received);
      }
    }).bind({ fd: Number(process.env.UDP_FD) });
  },
});
