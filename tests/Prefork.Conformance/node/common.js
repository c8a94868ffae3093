'use strict';
// The halves of Node's tests in Node, for clusters in which the other half is .NET's. A file has the name of the test; which half
// runs is Node's own affair: cluster.isPrimary.
const assert = require('node:assert');
const cluster = require('node:cluster');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const calls = [];

/** Something that must happen so many times before this process ends. */
function must(what, times, action = () => {}) {
  const call = { what, times, count: 0 };
  calls.push(call);
  return (...args) => {
    call.count++;
    return action(...args);
  };
}

process.on('exit', code => {
  for (const { what, times, count } of code === 0 ? calls : []) {
    if (count !== times) {
      console.error(`'${what}' happened ${count} times, and must ${times} times`);
      process.exitCode = 1;
    }
  }
});

/** Runs the half that this process is. CONFORMANCE_APP is a .NET program that plays the workers, by the test's name. */
function run(file, { primary, worker, policy = cluster.SCHED_RR, serialization = 'json' }) {
  if (!cluster.isPrimary) {
    worker();
    return;
  }

  setTimeout(() => {
    console.error('not done in time:', calls.filter(call => call.count !== call.times));
    process.exit(1);
  }, 40_000).unref();
  cluster.schedulingPolicy = policy;
  cluster.settings.serialization = serialization;
  if (process.env.CONFORMANCE_APP) {
    process.execPath = process.env.CONFORMANCE_APP;
    cluster.setupPrimary({ exec: path.basename(file, '.js'), args: [], execArgv: [] });
  }

  primary();
}

/** A worker that must end like this. */
function ends(worker, code, signal = null) {
  worker.on('exit', must(`exit of ${worker.id}`, 1, (c, s) => assert.deepStrictEqual([c, s], [code, signal])));
  return worker;
}

/** What is inside a UDP socket: by a symbol, as Node 26 has no other name for it. */
const handleOf = socket => socket[Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')].handle;

/** A folder that is gone when this process ends. */
function temporary() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'conformance-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true }));
  return folder;
}

/** All that comes on a connection. */
function hear(socket, then) {
  let text = '';
  socket.setEncoding('utf8').on('data', part => { text += part; }).on('end', () => then(text));
}

module.exports = { assert, cluster, net, must, run, ends, hear, temporary, handleOf };
