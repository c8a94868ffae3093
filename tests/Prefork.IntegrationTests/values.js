// Values and their comparison, for a peer that sends back what it gets.
'use strict';
const assert = require('node:assert');
const shared = { s: 1 };
const cycle = { name: 'cycle', list: [] }; cycle.self = cycle; cycle.list.push(cycle, shared, shared);
const err = Object.assign(new TypeError('wrong', { cause: { code: 5 } }), { stack: 'at here' });
const plainError = new Error('no cause'); const noStack = new RangeError('x'); delete noStack.stack;
const match = /b(c)/.exec('abcd');
const values = {
  null: null, true: true, false: false, zero: 0, negativeZero: -0, small: -5, int32: 2147483647, minInt: -2147483648,
  past: 2147483648, double: 1.5, huge: 1e300, tiny: 5e-324, nan: NaN, infinity: Infinity, minus: -Infinity, safe: Number.MAX_SAFE_INTEGER,
  bigint: 123n, bigzero: 0n, bigneg: -(1n << 70n), bigger: 1n << 4096n,
  wrapped: '', latin1: 'h\u00e9\u00ff', twobyte: ['\u20ac\u4e2d'], emoji: ['\u{1f600}'], half: ['\ud800x'], nul: ['a\0b'], long: ['x'.repeat(100000)], longTwo: ['\u20ac'.repeat(100000)],
  date: new Date(1700000000123), old: new Date(-62135596800000), regexp: /a\/b\u20ac/dgimsuy, unicodeSets: /[a]/v,
  array: [1, 'two', null, undefined, [3]], empty: [], holey: [1, , 3], fill: new Array(5).fill(7), sparse: Object.assign([], { 1000000: 'far' }), noElements: new Array(70000), match,
  deep: JSON.parse('['.repeat(1000) + ']'.repeat(1000)),
  object: { a: 1, 5: 'five', 4294967294: 'last index', 4294967295: 'no index', '01': 'name', '-1': 'minus', '1.5': 'x', '\u20ac': 'euro', '': 'empty', nested: { u: undefined } },
  proto: JSON.parse('{"__proto__": 1, "constructor": 2}'),
  map: new Map([[1, 'one'], ['1', 'text'], [NaN, 'nan'], [null, null], [undefined, 1], [shared, 'object'], [10n, 'big']]),
  set: new Set([1, '1', NaN, null, undefined, shared, 10n]), emptyMap: new Map(), emptySet: new Set(),
  arrayBuffer: new Uint8Array([1, 2, 3]).buffer, emptyBuffer: new ArrayBuffer(0), buffer: Buffer.from('hello'), noBuffer: Buffer.alloc(0), bigBuffer: Buffer.alloc(300000, 7),
  int8: new Int8Array([-1, 2]), uint8: new Uint8Array([1, 255]), clamped: new Uint8ClampedArray([1, 255]), int16: new Int16Array([-300]), uint16: new Uint16Array([65535]),
  int32a: new Int32Array([-70000]), uint32a: new Uint32Array([4294967295]), float32: new Float32Array([1.5, NaN]), float64: new Float64Array([0.1, -0]),
  bigint64: new BigInt64Array([-1n]), biguint64: new BigUint64Array([2n ** 64n - 1n]), dataview: new DataView(new Uint8Array([9, 8]).buffer),
  ...(globalThis.Float16Array ? { float16: new Float16Array([1.5]) } : {}),
  error: err, plainError, noStack, errors: [new EvalError('a'), new ReferenceError('b'), new SyntaxError('c'), new URIError('d'), new Error('')],
  boxed: [new Number(5), new Number(NaN), new Boolean(true), new Boolean(false), new String('s\u20ac'), Object(5n)],
  cycle, same: [shared, shared, { shared }], sameDate: (d => [d, d])(new Date(5)), cyclicMap: (m => m.set('me', m))(new Map()), cyclicSet: (s => s.add(s))(new Set()),
  cyclicArray: (a => (a.push(a), a))([]),
  mixed: Array.from({ length: 300 }, (_, i) => ({ i, text: `item ${i}`, when: new Date(i), data: Buffer.from([i & 255]) })),
};
function checks(name, got) {
  const want = values[name];
  assert.deepStrictEqual(got, want);
  if (name === 'negativeZero') assert(Object.is(got, -0));
  if (name === 'holey') assert(!(1 in got));
  if (name === 'noElements') assert(got.length === 70000 && !(0 in got));
  if (name === 'same') assert(got[0] === got[1] && got[2].shared === got[0]);
  if (name === 'sameDate') assert(got[0] === got[1]);
  if (name === 'cycle') assert(got.self === got && got.list[0] === got && got.list[1] === got.list[2]);
  if (name === 'cyclicMap') assert(got.get('me') === got);
  if (name === 'cyclicSet') assert(got.has(got));
  if (name === 'cyclicArray') assert(got[0] === got);
  if (name === 'buffer') assert(Buffer.isBuffer(got));
  if (name === 'uint8') assert(!Buffer.isBuffer(got));
  if (name === 'error') assert(got.stack === 'at here' && got.cause.code === 5 && got instanceof TypeError);
}
/** Sends each value and tells how each came back: "ok name", or "bad name why". */
exports.run = (send, on, say) => {
  const names = Object.keys(values);
  let at = 0;
  const next = () => { if (at < names.length) send({ v: values[names[at]] }); else say(`all ${names.length}`); };
  on(({ v: got }) => {
    if (at >= names.length) return;
    const name = names[at++];
    try { checks(name, got); say(`ok ${name}`); } catch (error) { say(`bad ${name} ${String(error.message).replace(/\n/g, ' ').slice(0, 400)}`); }
    next();
  });
  next();
};
