'use strict';

// Loaded before the program in each Node worker (node --require). In a process that is no worker nothing is otherwise. It does two things:
//
// A worker that is told to leave closes its servers, and Node closes idle connections with that: a request that is on its way on one of them is lost.
// So here they stay open for a while, and clients are told to go elsewhere: every HTTP/1 response says "Connection: close", every HTTP/2 session gets
// GOAWAY; then the rest is closed as Node does it. It is what UseCluster() does for ASP.NET Core.
//
// It counts the requests that servers begin to serve, and their open connections, and tells the primary once a second when they have changed.

const cluster = require('node:cluster');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');

const DRAIN_MS = 5000;

// How long a client has to read of the first GOAWAY: what it sends until then is served.
const GOAWAY_MS = 1000;
const LAST_STREAM = 2 ** 31 - 1;

const TELL_MS = 1000;

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

// Closes a server so that its clients lose nothing: no more connections from now on; closed when the last one is, or after a while as `close` does it.
function drain(server, close, callback) {
  net.Server.prototype.close.apply(server, callback);
  const deadline = setTimeout(() => close.call(server), DRAIN_MS);
  server.once('close', () => clearTimeout(deadline));
  return server;
}

const servers = [http.Server];
try {
  servers.push(require('node:https').Server);
} catch {
  // a Node without TLS
}

for (const { prototype } of servers) {
  const { close } = prototype;
  if (typeof prototype.closeIdleConnections !== 'function') {
    continue; // before Node 18.2 a close leaves idle connections alone
  }

  prototype.close = function (...callback) {
    return isLeaving() && this.listening ? drain(this, close, callback) : close.apply(this, callback);
  };
}

// The servers of node:http2 are known by what they alone have: their classes are not public, and the module is loaded only where a program needs it.
const sessions = Symbol('prefork.sessions');
const hasHadAStream = Symbol('prefork.hasHadAStream');
const isHttp2 = server => typeof server.updateSettings === 'function';

// A client opens a connection for a request. GOAWAY before that request makes some clients fail it (.NET's while it still writes its preface).
// So a new session gets GOAWAY with its first stream, or after a while without one.
function leaveSession(session) {
  if (session[hasHadAStream]) {
    sayGoaway(session);
  } else {
    setTimeout(() => session[hasHadAStream] || sayGoaway(session), GOAWAY_MS).unref();
  }
}

function sayGoaway(session) {
  if (session.closed || session.destroyed) {
    return;
  }

  // First one that refuses nothing, so that what is on its way is served; then the real one. Streams under way go on to their end.
  session.goaway(0, LAST_STREAM);
  setTimeout(() => session.destroyed || session.close(), GOAWAY_MS).unref();
}

function prepareHttp2(server) {
  if (server[sessions] !== undefined) {
    return;
  }

  server[sessions] = new Set();
  const { close } = server;
  server.close = function (...callback) {
    if (!isLeaving() || !this.listening) {
      return close.apply(this, callback);
    }

    this[sessions].forEach(leaveSession);
    return drain(this, close, callback);
  };
}

function addSession(server, session) {
  server[sessions]?.add(session);
  session.once('close', () => server[sessions]?.delete(session));
  session.once('stream', () => {
    session[hasHadAStream] = true;
    if (isLeaving()) {
      sayGoaway(session);
    }
  });
  if (isLeaving()) {
    leaveSession(session);
  }
}

const { send } = process;
const isCounted = Symbol('prefork.counted');
let requests = 0;
let connections = 0;
let telling;

function tell() {
  telling = undefined;
  if (process.connected) {
    // An error is the channel's end, which the program hears of by itself.
    send.call(process, { cmd: 'NODE_PREFORK', act: 'counts', requests, connections }, undefined, undefined, () => {});
  }
}

const changed = () => { telling ??= setTimeout(tell, TELL_MS).unref(); };

function countConnection(socket) {
  if (socket?.[isCounted] === true || typeof socket?.once !== 'function') {
    return; // a program may hand one connection to several servers
  }

  socket[isCounted] = true;
  connections++;
  changed();
  socket.once('close', () => {
    connections--;
    changed();
  });
}

// A server that handles 'checkContinue' or 'checkExpectation' emits 'request' for the same request itself.
function countRequest(message, mayComeAgain) {
  if (!(message instanceof http.IncomingMessage) || message[isCounted] === true) {
    return; // those of HTTP/2 are counted as streams
  }

  if (mayComeAgain) {
    message[isCounted] = true;
  }

  requests++;
  changed();
}

if (cluster.isWorker && typeof send === 'function') {
  // All servers of Node are net.Servers, and what becomes of them comes by here.
  const { emit } = net.Server.prototype;
  net.Server.prototype.emit = function (event, subject) {
    switch (event) {
      case 'request':
        countRequest(subject, false);
        break;
      case 'checkContinue':
      case 'checkExpectation':
      case 'upgrade':
      case 'connect':
        countRequest(subject, true);
        break;
      case 'stream':
        if (isHttp2(this)) {
          requests++;
          changed();
        }

        break;
      case 'connection':
        countConnection(subject);
        break;
      case 'listening':
        if (isHttp2(this)) {
          prepareHttp2(this);
        }

        break;
      case 'session':
        if (isHttp2(this)) {
          addSession(this, subject);
        }

        break;
    }

    return emit.apply(this, arguments);
  };

  tell();
}
