'use strict';
const { cluster, must, run, ends } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork(), 0).disconnect(),
  worker: () => process.once('disconnect', must('disconnect in the worker', 1, () => {
    process.on('message', () => {});
    process.on('disconnect', () => {});
  })),
});
