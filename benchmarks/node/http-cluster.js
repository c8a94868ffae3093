// Hello world behind Node's cluster: the peer of samples/HelloCluster. PORT, WORKERS; NODE_CLUSTER_SCHED_POLICY=none for the shared socket.
'use strict';
const cluster = require('cluster');
const http = require('http');
const { runPrimary } = require('./cluster');

if (cluster.isPrimary) {
  runPrimary(Number(process.env.WORKERS ?? 2));
} else {
  const id = String(cluster.worker.id);
  http.createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 12, 'x-worker': id });
    response.end('hello world\n');
  }).listen(Number(process.env.PORT), '127.0.0.1');
}
