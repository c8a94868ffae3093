'use strict';
const { assert, cluster, must, run, ends } = require('./common');

const text = 'ß\u00fc€'.repeat(133_000);
run(__filename, {
  primary: () => ends(cluster.fork(), 0).on('message', must('message', 1, m => assert.ok(m === text, 'the text arrives whole'))),
  worker: () => process.send(text, () => process.disconnect()),
});
