'use strict';
const { cluster, run, ends } = require('./common');

run(__filename, {
  primary() {
    for (const code of [0, 1, 23]) ends(cluster.fork({ CODE: code }), code);
    for (const signal of ['SIGKILL', 'SIGUSR2']) ends(cluster.fork({ SIGNAL: signal }), null, signal);
  },
  worker() {
    if (process.env.SIGNAL) process.kill(process.pid, process.env.SIGNAL);
    else process.exit(Number(process.env.CODE));
  },
});
