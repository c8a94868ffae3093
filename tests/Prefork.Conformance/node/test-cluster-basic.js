'use strict';
const { assert, cluster, net, must, run } = require('./common');

run(__filename, {
  primary() {
    assert.strictEqual(process.env.NODE_UNIQUE_ID, undefined);
    const states = [];
    for (const event of ['fork', 'online', 'listening', 'exit']) {
      cluster.on(event, must(`cluster ${event}`, 1, w => {
        assert.strictEqual(w, worker);
        states.push(w.state);
        if (event === 'listening') w.kill();
        if (event === 'exit') assert.deepStrictEqual(states, ['none', 'online', 'listening', 'dead']);
      }));
    }
    const worker = cluster.fork();
    assert.strictEqual(worker.id, 1);
    worker.on('online', must('online', 1));
    worker.on('listening', must('listening', 1, address => {
      assert.deepStrictEqual(Object.keys(address).sort(), ['address', 'addressType', 'fd', 'port']);
      assert.strictEqual(address.address, '127.0.0.1');
      assert.strictEqual(address.addressType, 4);
      assert.strictEqual(address.fd, undefined);
      assert.ok(address.port > 0 && address.port < 65536);
    }));
    worker.on('exit', must('exit', 1, (code, signal) => {
      assert.strictEqual(code, worker.process.exitCode);
      assert.strictEqual(signal, worker.process.signalCode);
    }));
  },
  worker: () => net.createServer().listen(0, '127.0.0.1'),
});
