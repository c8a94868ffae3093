'use strict';
const { cluster, net, run, ends } = require('./common');

const open = then => { const server = net.createServer().listen(0, () => server.close(then)); };
const leave = () => cluster.worker.disconnect();
run(__filename, {
  primary: () => [cluster.fork(), cluster.fork()].forEach(worker => ends(worker, 0)),
  worker: () => cluster.worker.id === 1 ? open(() => open(leave)) : open(leave),
});
