'use strict';
const { cluster, must, run, ends } = require('./common');

const MESSAGES = 10;

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0);
    for (let i = 0; i < MESSAGES; i++) worker.send(i);
  },
  worker() {
    const missing = new Set(Array.from({ length: MESSAGES }, (_, i) => i));
    process.on('uncaughtException', must('exceptions', MESSAGES, thrown => {
      missing.delete(thrown);
      if (missing.size === 0) process.disconnect();
    }));
    process.on('message', message => { throw message; });
  },
});
