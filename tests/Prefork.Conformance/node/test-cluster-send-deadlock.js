'use strict';
const { cluster, net, must, run, ends } = require('./common');

run(__filename, {
  primary() {
    const worker = ends(cluster.fork(), 0).on('message', must('reply', 2, (_, socket) => socket.end()));
    const server = net.createServer(socket => worker.send('handle', socket)).listen(0, '127.0.0.1', () => worker.send(`${server.address().port}`));
    worker.on('exit', () => server.close());
  },
  worker() {
    let open = 2;
    const closed = must('close', 2, () => { if (--open === 0) cluster.worker.disconnect(); });
    process.on('message', (text, socket) => {
      if (socket) {
        process.send('reply', socket);
      } else {
        for (let i = 0; i < 2; i++) net.connect(Number(text), '127.0.0.1').on('close', closed).resume();
      }
    });
  },
});
