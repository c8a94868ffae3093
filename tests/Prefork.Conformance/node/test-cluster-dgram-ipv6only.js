'use strict';
const dgram = require('node:dgram');
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0),
  worker() {
    const six = dgram.createSocket({ type: 'udp6', ipv6Only: true }).bind(0, '::', must('udp6', 1, () => {
      const four = dgram.createSocket('udp4').bind(six.address().port, '0.0.0.0', must('udp4', 1, () => {
        six.close();
        four.close();
        cluster.worker.disconnect();
      }));
    }));
  },
});
