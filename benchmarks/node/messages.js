// Messages between a primary and one worker: the peer of `Prefork.Benchmarks messages`. messages.js COUNT ROUND_TRIPS WINDOW
// Prints {"down": messages/s, "up": messages/s, "pingPong": round trips/s}.
'use strict';
const cluster = require('cluster');
const { once } = require('events');

const [count, roundTrips, window] = process.argv.slice(2, 5).map(Number);
const warmUp = Number(process.env.WARM_UP || 1000000);

/** Sends `total` messages. Of `window` of them the last one is waited for until it has been written; of none with 0. */
async function sendMany(target, total) {
  for (let id = 0; id < total; id++) {
    if (window > 0 && id % window === window - 1) {
      await new Promise((resolve) => target.send({ id, name: 'ping' }, resolve));
    } else {
      target.send({ id, name: 'ping' });
    }
  }
}

/** Resolves when `total` messages named ping have come. */
function receiveMany(source, total) {
  return new Promise((resolve) => {
    let received = 0;
    source.on('message', function onMessage(message) {
      if (message.name === 'ping' && ++received === total) {
        source.off('message', onMessage);
        resolve();
      }
    });
  });
}

async function perSecond(total, run) {
  const started = process.hrtime.bigint();
  await run();
  return Math.round(total / (Number(process.hrtime.bigint() - started) / 1e9));
}

async function down(worker, total) {
  worker.send({ id: total, name: 'count' });
  const counted = once(worker, 'message');
  await sendMany(worker, total);
  await counted;
}

async function up(worker, total) {
  const received = receiveMany(worker, total);
  worker.send({ id: total, name: 'send' });
  await received;
}

/** Each ping is sent by the handler of the pong before it. */
function pingPong(worker, total) {
  return new Promise((resolve) => {
    let left = total;
    worker.on('message', function onMessage() {
      if (--left > 0) {
        worker.send({ id: left, name: 'echo' });
      } else {
        worker.off('message', onMessage);
        resolve();
      }
    });
    worker.send({ id: total, name: 'echo' });
  });
}

async function primary() {
  const worker = cluster.fork();
  await once(worker, 'message');
  await down(worker, warmUp);
  await up(worker, warmUp);
  await pingPong(worker, roundTrips);
  const result = {
    down: await perSecond(count, () => down(worker, count)),
    up: await perSecond(count, () => up(worker, count)),
    pingPong: await perSecond(roundTrips, () => pingPong(worker, roundTrips)),
  };
  console.log(JSON.stringify(result));
  worker.disconnect();
}

function worker() {
  process.on('message', async ({ id, name }) => {
    switch (name) {
      case 'count':
        await receiveMany(process, id);
        process.send({ id, name: 'counted' });
        break;
      case 'send':
        await sendMany(process, id);
        break;
      case 'echo':
        process.send({ id, name: 'pong' });
        break;
    }
  });
  process.send({ id: 0, name: 'hello' });
}

if (cluster.isPrimary) {
  primary();
} else {
  worker();
}
