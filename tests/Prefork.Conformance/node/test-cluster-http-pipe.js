'use strict';
const http = require('node:http');
const { assert, cluster, must, run, ends, hear, temporary } = require('./common');

run(__filename, {
  primary() {
    const socketPath = `${temporary()}/http`;
    const worker = ends(cluster.fork({ PIPE: socketPath }), 0);
    worker.on('listening', must('listening', 1, () => http.get({ socketPath, path: '/' }, must('response', 1, response => {
      assert.strictEqual(response.statusCode, 200);
      hear(response, must('end', 1, text => {
        assert.strictEqual(text, 'OK');
        worker.disconnect();
      }));
    }))));
  },
  worker: () => http.createServer(must('request', 1, ({ socket }, response) => {
    assert.strictEqual(socket.remoteAddress, undefined);
    assert.strictEqual(socket.localAddress, undefined);
    response.end('OK');
  })).listen(process.env.PIPE),
});
