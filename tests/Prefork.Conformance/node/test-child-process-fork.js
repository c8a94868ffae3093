'use strict';
const { assert, cluster, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const args = ['foo', 'bar'];
    cluster.setupPrimary({ args });
    const worker = ends(cluster.fork(), 0);
    assert.deepStrictEqual(args, ['foo', 'bar']);
    worker.on('message', must('message', 1, m => {
      assert.deepStrictEqual(m, { foo: 'bar' });
      worker.disconnect();
    }));
    assert.throws(() => worker.send(undefined), { code: 'ERR_MISSING_ARGS' });
    assert.throws(() => worker.send(Symbol()), { code: 'ERR_INVALID_ARG_TYPE' });
    worker.send({ hello: 'world' });
  },
  worker() {
    assert.deepStrictEqual(process.argv.slice(-2), ['foo', 'bar']);
    process.on('message', must('message', 1, m => {
      assert.deepStrictEqual(m, { hello: 'world' });
      process.send({ foo: 'bar' });
    }));
  },
});
