// Hello world with TLS behind Node's cluster, HTTP/2 and HTTP/1.1 on one port: the peer of PlainKestrel. PORT, WORKERS, TLS_CERTIFICATE, TLS_KEY.
'use strict';
const cluster = require('cluster');
const fs = require('fs');
const http2 = require('http2');
const { runPrimary } = require('./cluster');

if (cluster.isPrimary) {
  runPrimary(Number(process.env.WORKERS ?? 2));
} else {
  const id = String(cluster.worker.id);
  const options = { allowHTTP1: true, cert: fs.readFileSync(process.env.TLS_CERTIFICATE), key: fs.readFileSync(process.env.TLS_KEY) };
  http2.createSecureServer(options, (request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 12, 'x-worker': id });
    response.end('hello world\n');
  }).listen(Number(process.env.PORT), '127.0.0.1');
}
