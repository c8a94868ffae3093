'use strict';
const dgram = require('node:dgram');
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    for (let i = 0; i < 2; i++) ends(cluster.fork(), 0);
  },
  worker() {
    let left = 3 - cluster.worker.id;
    const bind = () => {
      const socket = dgram.createSocket('udp4').bind(0, must('listening', 1, () => socket.close(() => --left > 0 ? bind() : cluster.worker.disconnect())));
    };
    bind();
  },
});
