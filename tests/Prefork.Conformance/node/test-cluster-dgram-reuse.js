'use strict';
const dgram = require('node:dgram');
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0),
  worker() {
    const create = () => dgram.createSocket({ type: 'udp4', reuseAddr: true });
    const first = create().bind(0, '127.0.0.1', must('first', 1, () => {
      const second = create().bind(first.address().port, '127.0.0.1', must('second', 1, () => {
        assert.strictEqual(second.address().port, first.address().port);
        first.close();
        second.close();
        cluster.worker.disconnect();
      }));
    }));
  },
});
