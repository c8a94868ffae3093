'use strict';
const dgram = require('node:dgram');
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    for (let i = 0; i < 3; i++) ends(cluster.fork(), 0);
  },
  worker() {
    const socket = dgram.createSocket('udp4').on('close', must('close', 1, () => cluster.worker.disconnect()));
    socket.bind(0, '127.0.0.1', must('listening', 1, () => socket.close()));
  },
});
