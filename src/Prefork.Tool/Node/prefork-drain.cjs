'use strict';

// Loaded before the program in each Node worker (node --require). A worker that is told to leave closes its servers, and Node's http.Server
// closes its idle connections with that: a request that is on its way on one of them is lost. So here they stay open for a while, and every
// response says "Connection: close", so that clients go elsewhere by themselves; then the rest is closed as Node does it.
// It is what UseCluster() does for ASP.NET Core. In a process that is no worker, or does not leave, nothing is otherwise.

const cluster = require('node:cluster');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');

const DRAIN_MS = 5000;

const servers = [http.Server];
try {
  servers.push(require('node:https').Server);
} catch {
  // a Node without TLS
}

const isLeaving = () => cluster.worker?.exitedAfterDisconnect === true;

// A program's own children get the options of its process (child_process.fork), and shall have none of ours.
const option = process.execArgv.findIndex((argument, i) => process.execArgv[i - 1] === '--require' && path.basename(argument) === path.basename(__filename));
if (option > 0) {
  process.execArgv.splice(option - 1, 2);
}

const { writeHead } = http.ServerResponse.prototype;
http.ServerResponse.prototype.writeHead = function (...head) {
  if (isLeaving()) {
    this.shouldKeepAlive = false;
  }

  return writeHead.apply(this, head);
};

for (const { prototype } of servers) {
  const { close } = prototype;
  if (typeof prototype.closeIdleConnections !== 'function') {
    continue; // before Node 18.2 a close leaves idle connections alone
  }

  prototype.close = function (...callback) {
    if (!isLeaving() || !this.listening) {
      return close.apply(this, callback);
    }

    // No more connections from now on. The server is closed when the last one is.
    net.Server.prototype.close.apply(this, callback);
    const deadline = setTimeout(() => close.call(this), DRAIN_MS);
    this.once('close', () => clearTimeout(deadline));
    return this;
  };
}
