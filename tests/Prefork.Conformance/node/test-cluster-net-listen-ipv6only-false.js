'use strict';
const { assert, cluster, net, must, run, hear } = require('./common');

run(__filename, {
  primary() {
    const seen = new Set();
    let count = 0;
    let open = 2;
    cluster.on('listening', must('listening', 3, (worker, { address, port, addressType }) => {
      seen.add(`${address} ${port} ${addressType}`);
      if (++count < 3) return;
      assert.deepStrictEqual([...seen], [`:: ${port} 6`]);
      for (const host of ['127.0.0.1', '::1']) {
        hear(net.connect(port, host), must('end', 1, () => { if (--open === 0) cluster.disconnect(); }));
      }
    }));
    for (let i = 0; i < 3; i++) cluster.fork();
  },
  worker: () => net.createServer(connection => connection.end()).listen(0, '::'),
});
