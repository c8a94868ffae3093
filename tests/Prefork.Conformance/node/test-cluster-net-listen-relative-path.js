'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { assert, cluster, net, must, run, ends, temporary } = require('./common');

const name = 'relative.sock';
run(__filename, {
  primary() {
    const deep = path.join(temporary(), 'x'.repeat(100));
    fs.mkdirSync(deep);
    process.chdir(deep);
    const worker = ends(cluster.fork(), 0);
    worker.on('listening', must('listening', 1, ({ address }) => {
      assert.strictEqual(address, path.join(deep, name));
      assert.ok(fs.existsSync(name));
      worker.send('end');
    }));
    worker.on('exit', () => {
      assert.ok(!fs.existsSync(path.join(deep, name)));
      process.chdir('/');
    });
  },
  worker() {
    process.on('message', must('message', 1, () => cluster.worker.disconnect()));
    net.createServer().listen(name);
  },
});
