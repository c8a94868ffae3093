'use strict';
const dgram = require('node:dgram');
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  policy: cluster.SCHED_NONE,
  primary() {
    const unbound = ends(cluster.fork(), 0);
    unbound.on('online', () => {
      const bound = ends(cluster.fork({ BOUND: 'y' }), 0).on('disconnect', must('disconnect of the one that listens', 1));
      bound.on('listening', () => unbound.disconnect());
      unbound.on('disconnect', must('disconnect of the one without', 1, () => bound.disconnect()));
    });
  },
  worker: () => process.env.BOUND && dgram.createSocket('udp4').bind(0, '127.0.0.1'),
});
