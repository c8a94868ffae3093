'use strict';
const dgram = require('node:dgram');
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    let received = 0;
    const socket = dgram.createSocket('udp4').on('message', must('message', 40, () => {
      if (++received === 40) cluster.disconnect(() => socket.close());
    })).bind(0, '127.0.0.1', () => {
      for (let i = 0; i < 4; i++) ends(cluster.fork({ PORT: socket.address().port }), 0);
    });
  },
  worker() {
    const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
      for (let i = 0; i < 10; i++) socket.send('hello world', Number(process.env.PORT), '127.0.0.1');
    });
  },
});
