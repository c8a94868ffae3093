'use strict';
const { assert, cluster, net, must, run, ends, hear } = require('./common');

const workers = 4;
const servers = 2;
run(__filename, {
  primary() {
    const round = again => {
      const ports = new Set();
      let listening = 0;
      let exits = 0;
      const listens = (_, { port }) => {
        ports.add(port);
        if (++listening < workers * servers) return;
        cluster.off('listening', listens);
        assert.strictEqual(ports.size, servers);
        let left = workers * servers;
        for (const port of ports) {
          for (let i = 0; i < workers; i++) {
            hear(net.connect(port, '127.0.0.1'), must('end', 1, text => {
              assert.strictEqual(text, 'echo');
              if (--left === 0) cluster.disconnect();
            }));
          }
        }
      };
      cluster.on('listening', listens);
      for (let i = 0; i < workers; i++) {
        ends(cluster.fork(), 0).on('exit', () => {
          if (++exits < workers) return;
          assert.deepStrictEqual(Object.keys(cluster.workers), []);
          again();
        });
      }
    };
    round(() => round(must('the second end', 1)));
  },
  worker() {
    for (let i = 0; i < servers; i++) net.createServer(connection => connection.end('echo')).listen(0, '127.0.0.1');
  },
});
