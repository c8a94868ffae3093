// A client that keeps its TLS session: tls-session.js PORT COUNT [FILE]. Each line: the worker that answered, and whether it resumed the session of the first
// connection; or the one in the file, which is written when it is empty.
'use strict';
const fs = require('fs');
const tls = require('tls');
const [port, count] = process.argv.slice(2, 4).map(Number);
const file = process.argv[4];

function ask(session) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, session });
    let ticket, reused, text = '';
    socket.on('session', (session) => { ticket ??= session; });
    socket.on('data', (data) => { text += data; });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      reused = socket.isSessionReused();
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    });
    socket.on('close', () => resolve({ worker: text.split('\r\n\r\n')[1]?.split('\r\n')[1], reused, ticket }));
  });
}

(async () => {
  let first = file && fs.readFileSync(file).length > 0 ? fs.readFileSync(file) : undefined;
  for (let i = 0; i < count; i++) {
    const { worker, reused, ticket } = await ask(first);
    first ??= ticket;
    console.log(`${worker} ${reused ? 'resumed' : 'new'}`);
  }
  if (file) fs.writeFileSync(file, first);
})();
