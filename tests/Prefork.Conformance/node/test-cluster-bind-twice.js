'use strict';
const { spawn } = require('node:child_process');
const { assert, cluster, net, must, run, ends } = require('./common');

// Two primaries, which are children of a third process: the first has the port, the second hears of it.
const [who, port] = process.argv.slice(-2);
run(__filename, {
  primary() {
    if (who !== 'one' && who !== 'two') {
      const start = (...args) => spawn(process.argv[0], [__filename, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }).on('exit', must(`end of ${args[0]}`, 1, code => assert.strictEqual(code, 0)));
      const one = start('one', '0');
      one.stdout.setEncoding('utf8').once('data', must('port', 1, text => {
        const two = start('two', text.trim());
        two.stdout.setEncoding('utf8').once('data', must('error', 1, code => {
          assert.strictEqual(code.trim(), 'AddressAlreadyInUse');
          one.stdin.end();
          two.stdin.end();
        }));
      }));
      return;
    }

    cluster.setupPrimary({ args: [who, port] });
    const worker = ends(cluster.fork(), 0).on('message', must('message', 1, m => console.log(m)));
    process.stdin.on('end', () => worker.disconnect()).resume();
  },
  worker() {
    const server = net.createServer().listen(Number(port), () => process.send(`${server.address().port}`)).on('error', error => {
      assert.strictEqual(error.code, 'EADDRINUSE');
      process.send('AddressAlreadyInUse');
    });
  },
});
