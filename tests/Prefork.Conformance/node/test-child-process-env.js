'use strict';
const { assert, cluster, must, run } = require('./common');

run(__filename, {
  primary() {
    process.env.INHERITED = 'inherited';
    process.env.REMOVED = 'removed';
    const worker = cluster.fork({ HELLO: 'WORLD', REMOVED: undefined, EMPTY: '' });
    worker.on('message', must('message', 1, m => {
      assert.strictEqual(m, 'WORLD|inherited||True');
      worker.disconnect();
    }));
  },
  worker() {
    const { HELLO, INHERITED, REMOVED, EMPTY } = process.env;
    process.send(`${HELLO}|${INHERITED}|${REMOVED ?? ''}|${EMPTY === '' ? 'True' : 'False'}`);
  },
});
