'use strict';
const fs = require('node:fs');
const { assert, cluster, net, must, run, ends, temporary } = require('./common');

run(__filename, {
  primary: () => ends(cluster.fork({ PIPE: `${temporary()}/all` }), 0),
  worker() {
    const server = net.createServer().listen({ path: process.env.PIPE, readableAll: true, writableAll: true }, must('listening', 1, () => {
      assert.strictEqual(fs.statSync(process.env.PIPE).mode & 0o666, 0o666);
      server.close();
      cluster.worker.disconnect();
    }));
  },
});
