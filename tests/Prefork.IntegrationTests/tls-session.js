// A client that keeps its TLS session: tls-session.js HOST PORT COUNT [FILE [PFX]]. Each line: the worker that answered, and whether it resumed the session of the first
// connection; or the one in the file, which is written when it is empty.
// With PFX (password: secret) it has a certificate to show.
'use strict';
const fs = require('fs');
const tls = require('tls');
const [host, port, times, file, pfx] = process.argv.slice(2);
const count = Number(times);
const own = pfx && { pfx: fs.readFileSync(pfx), passphrase: 'secret' };

function ask(session) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host, port, servername: 'localhost', rejectUnauthorized: false, session, ...own });
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
