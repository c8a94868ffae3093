'use strict';
// A worker listens twice on one fixed port, shared.
const cluster = require('node:cluster');
const net = require('node:net');

if (cluster.isPrimary) {
  const probe = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ silent: true });
    probe.close(() => {
      let result = 'nothing';
      const worker = cluster.fork({ PORT: port }).on('message', m => { result = m; });
      worker.process.stderr.setEncoding('utf8').on('data', text => { if (text.includes('ERR_INTERNAL_ASSERTION')) result = 'the worker dies'; });
      worker.process.on('close', () => console.log(result));
    });
  });
} else {
  const listen = then => net.createServer().listen(Number(process.env.PORT), '127.0.0.1', () => then('listens')).on('error', error => then(error.code));
  listen(() => listen(result => process.send(result, () => process.disconnect())));
}
