// Rounds (a line of JSON each) to a Markdown table.
//   report.js machine
//   report.js table FILE --rows KEY,KEY... --column KEY:TITLE[:median|sum|min|max] ... --ratio KEY:PEER:TITLE ...
// A cell is the median of the rounds and, in brackets, the least and the greatest. A ratio is the median of the ratios to the peer
// *of the same round*: what slowed the machine in a round slowed both.
'use strict';
const fs = require('fs');
const os = require('os');
const { execFileSync } = require('child_process');

const [verb, ...args] = process.argv.slice(2);

function machine() {
  const dotnet = (() => {
    try {
      return execFileSync('dotnet', ['--version'], { encoding: 'utf8' }).trim();
    } catch {
      return null;
    }
  })();
  return {
    started: new Date().toISOString(), cpu: os.cpus()[0]?.model, cpus: os.cpus().length, memoryMb: Math.round(os.totalmem() / 2 ** 20),
    kernel: os.release(), node: process.version, dotnet, loadAverage: os.loadavg()[0],
  };
}

const reducers = {
  median: (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  },
  sum: (values) => values.reduce((a, b) => a + b, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
};

function number(value) {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function cell(values, how) {
  if (values.length === 0) {
    return '–';
  }
  const reduced = number(reducers[how](values));
  const [least, greatest] = [number(reducers.min(values)), number(reducers.max(values))];
  return how === 'median' && least !== greatest ? `${reduced} (${least}–${greatest})` : reduced;
}

function options(name) {
  return args.flatMap((arg, i) => (arg === `--${name}` ? [args[i + 1]] : []));
}

function table(file) {
  const [about, ...rounds] = fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const keys = options('rows')[0].split(',');
  const columns = options('column').map((option) => option.split(':'));
  const ratios = options('ratio').map((option) => option.split(':'));
  const rowOf = (round, contender = round.contender) => keys.map((key) => (key === 'contender' ? contender : round[key])).join(' | ');
  const values = (row, key) => rounds.filter((round) => rowOf(round) === row).map((round) => round[key]).filter((value) => typeof value === 'number');
  const ratio = (row, key, peer) => {
    const pairs = rounds.filter((round) => rowOf(round) === row).map((round) =>
      [round, rounds.find((other) => other.round === round.round && rowOf(other) === rowOf(round, peer))]);
    const quotients = pairs.filter(([, other]) => other).map(([round, other]) => round[key] / other[key]).filter(Number.isFinite);
    return quotients.length ? reducers.median(quotients).toFixed(2) : '–';
  };

  const titles = [...keys, ...columns.map(([, title]) => title), ...ratios.map(([, , title]) => title)];
  console.log(`${about.started}, ${about.cpus} × ${about.cpu}, Linux ${about.kernel}, .NET SDK ${about.dotnet}, Node ${about.node}, load average ${about.loadAverage.toFixed(2)} at the start\n`);
  console.log(`| ${titles.join(' | ')} |`);
  console.log(`|${keys.map(() => ' --- ').join('|')}|${titles.slice(keys.length).map(() => ' ---: ').join('|')}|`);
  for (const row of new Set(rounds.map((round) => rowOf(round)).sort())) {
    const cells = columns.map(([key, , how = 'median']) => cell(values(row, key), how));
    console.log(`| ${[row, ...cells, ...ratios.map(([key, peer]) => ratio(row, key, peer))].join(' | ')} |`);
  }
}

if (verb === 'machine') {
  console.log(JSON.stringify(machine()));
} else {
  table(args[0]);
}
