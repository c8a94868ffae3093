'use strict';
const dgram = require('node:dgram');
const { assert, cluster, must, run, ends } = require('./common');

const bind = (port, exclusive, then) => {
  const socket = dgram.createSocket('udp4').bind({ address: '127.0.0.1', port, exclusive }, () => then(socket.address().port));
  return socket;
};
run(__filename, {
  primary() {
    const probe = bind(0, true, port => probe.close(() => {
      const told = [];
      for (let i = 0; i < 2; i++) {
        ends(cluster.fork({ PORT: port }), 0).on('message', must('message', 1, ports => {
          told.push(ports);
          if (told.length < 2) return;

          // Shared any port, shared fixed port, any port of its own.
          assert.strictEqual(told[0][0], told[1][0]);
          assert.deepStrictEqual([told[0][1], told[1][1]], [port, port]);
          assert.notStrictEqual(told[0][2], told[1][2]);
          cluster.disconnect();
        }));
      }
    }));
  },
  worker() {
    const port = Number(process.env.PORT);
    bind(0, false, any => bind(port, false, fixed => {
      const own = bind(0, true, mine => bind(port, true, must('taken', 0)).on('error', must('error', 1, error => {
        assert.strictEqual(error.code, 'EADDRINUSE');
        process.send([any, fixed, mine]);
      })));

      // It is not the cluster's, which closes its own.
      cluster.worker.on('disconnect', () => own.close());
    }));
  },
});
