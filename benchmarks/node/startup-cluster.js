// The Node peer of benchmarks/Startup: forks WORKERS one after the other and says how long each took, in ms, a line of JSON each; then "ready".
'use strict';
const cluster = require('cluster');
const { once } = require('events');

async function forkOne() {
  const started = process.hrtime.bigint();
  const elapsed = () => Number(process.hrtime.bigint() - started) / 1e6;
  const worker = cluster.fork();
  const listening = once(worker, 'listening').then(elapsed);
  const online = await once(worker, 'online').then(elapsed);
  console.log(JSON.stringify({ worker: worker.process.pid, online, listening: await listening }));
}

async function primary() {
  process.on('SIGTERM', () => cluster.disconnect(() => process.exit(0)));
  for (let i = 0; i < Number(process.env.WORKERS ?? 2); i++) {
    await forkOne();
  }
  console.log('ready');
}

if (cluster.isPrimary) {
  primary();
} else {
  require('http').createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 12 });
    response.end('hello world\n');
  }).listen(Number(process.env.PORT), '127.0.0.1');
}
