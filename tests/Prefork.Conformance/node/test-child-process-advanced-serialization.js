'use strict';
const { assert, cluster, must, run, ends } = require('./common');
const { once } = require('node:events');

const circular = {};
circular.circular = circular;
const values = [
  { uint8: new Uint8Array(4) },
  { float64: new Float64Array([Math.PI]) },
  { buffer: Buffer.from('Hello!') },
  { map: new Map([{ a: 1 }, { b: 2 }]) },
  { bigInt: 1337n },
  circular,
  new Error('Something went wrong'),
  new RangeError('Something range-y went wrong'),
];

run(__filename, {
  serialization: 'advanced',
  async primary() {
    const worker = ends(cluster.fork(), 0);
    const received = must('message', values.length);
    for (const value of values) {
      worker.send(value);
      const [message] = await once(worker, 'message');
      assert.deepStrictEqual(message, value);
      received();
    }

    worker.disconnect();
  },
  worker: () => process.on('message', message => process.send(message)),
});
