'use strict';
// A server with maxConnections 0.
const net = require('node:net');

const server = net.createServer(connection => connection.end('served'));
server.maxConnections = 0;
server.listen(0, '127.0.0.1', () => {
  let text = 'dropped';
  net.connect(server.address().port, '127.0.0.1').setEncoding('utf8').on('data', part => { text = part; }).on('error', () => {}).on('close', () => {
    console.log(text);
    server.close();
  });
});
