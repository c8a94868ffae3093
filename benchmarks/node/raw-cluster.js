// Raw connections behind Node's cluster: the peer of `Prefork.Benchmarks handoff|spread|kill`. raw-cluster.js VERB PORT WORKERS
'use strict';
const cluster = require('cluster');
const net = require('net');
const { runPrimary } = require('./cluster');

const [verb, port, workers] = process.argv.slice(2);

const serve = {
  handoff: (connection) => connection.destroy(),
  spread: (connection) => connection.end(`${cluster.worker.id}\n`),
  // 'A' says that the worker has the connection; whoever dies after it lost a connection it held.
  kill: (connection) => {
    connection.write('A');
    connection.once('data', () => setTimeout(() => connection.end('B\n'), 2));
  },
};

if (cluster.isPrimary) {
  runPrimary(Number(workers));
} else {
  net.createServer((connection) => {
    connection.on('error', () => {}); // the client gave up
    serve[verb](connection);
  }).listen(Number(port), '127.0.0.1');
}
