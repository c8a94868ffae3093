// Hello world, an ordinary server that knows of no cluster: what PM2 and prefork make workers of. PORT; LEAVE says how it leaves when it is told to.
//   plain     it does nothing about it
//   graceful  server.close(), then exit, as PM2's manual teaches
//   careful   for a while every response says "Connection: close", and only then server.close()
// PM2 tells by SIGINT; a primary by closing the channel after a disconnect; SIGTERM comes last.
'use strict';
const http = require('http');

const how = process.env.LEAVE ?? 'plain';
const drainMs = 1000; // less than the 1.6 s that PM2 gives
let leaving = false;

const server = http.createServer((request, response) => {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': 12 };
  if (leaving && how === 'careful') {
    headers.connection = 'close';
  }
  response.writeHead(200, headers);
  response.end('hello world\n');
});

function leave() {
  if (!leaving) {
    leaving = true;
    setTimeout(() => server.close(() => process.exit(0)), how === 'careful' ? drainMs : 0);
  }
}

if (how !== 'plain') {
  for (const told of ['SIGINT', 'SIGTERM', 'disconnect']) {
    process.on(told, leave);
  }
}
server.listen(Number(process.env.PORT), '127.0.0.1');
