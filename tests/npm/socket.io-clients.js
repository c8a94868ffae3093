'use strict';
// Clients of samples/SocketIoCluster: port, how many, and their transport (polling, websocket, or upgrade: from the one to the other).
// Says what they hear, and obeys its standard input.
const { io } = require('socket.io-client');

const [port, count, transport] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const say = (...words) => console.log(words.join(' '));
const clients = Array.from({ length: count }, (_, i) => {
  const client = io(`http://127.0.0.1:${port}`, {
    transports: transport === 'upgrade' ? ['polling', 'websocket'] : [transport],
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 100,
  });
  client.on('welcome', worker => say('welcome', i, worker));
  client.on('said', (what, worker) => say('said', i, worker, Buffer.isBuffer(what) ? `bytes ${what.toString('hex')}` : what));
  client.on('disconnect', reason => say('disconnect', i, reason));
  client.io.on('open', () => client.io.engine.once('upgrade', upgraded => say('upgraded', i, upgraded.name)));
  client.on('connect_error', error => say('error', i, error.message));
  return client;
});

const commands = {
  say: (i, ...words) => clients[i].emit('say', words.join(' ')),
  bytes: (i, hex) => clients[i].emit('say', Buffer.from(hex, 'hex')),
  large: (i, length) => clients[i].emit('say', 'x'.repeat(length)),
  count: i => clients[i].emit('count', sockets => say('count', i, sockets)),
  transports: () => say('transports', ...clients.map(client => client.io.engine.transport.name)),
  end: () => {
    clients.forEach(client => client.disconnect());
    process.stdin.destroy();
  },
};
require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
  const [command, ...words] = line.split(' ');
  commands[command](...words);
});
