// `npm run bench [name...]`: runs the benches, prints one table and writes it as JSON to bench/results/.

import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pictureOf } from './picture.mjs';

const all = [
  'startup',
  'throughput',
  'rules',
  'statistics',
  'memory',
  'delivery',
  'loop',
  'local',
  'measured',
  'service',
  'http',
  'dashboard',
  'views',
];
/** Run only by name: they need more than this machine, or minutes. */
const others = ['sources', 'flux', 'tree'];
const { positionals } = parseArgs({ allowPositionals: true });
const names = positionals.length > 0 ? positionals : all;

function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

const machine = {
  date: new Date().toISOString(),
  commit: commit(),
  node: process.version,
  kernel: release(),
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
};

/** Runs a bench in its own process, so that the memory of the others does not slow its forks. */
async function measure(name) {
  const child = fork(fileURLToPath(new URL('./one.mjs', import.meta.url)), [name]);
  const [measured] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [])]);
  if (measured === undefined) throw new Error(`the bench '${name}' failed`);
  return measured;
}

const rows = [];
/** Rates by size of the recording. */
const points = [];
console.log('| what | ours | baseline, side by side | times faster |\n| --- | --- | --- | --- |');
for (const name of names) {
  if (![...all, ...others].includes(name)) {
    throw new Error(`no bench '${name}'; there are: ${[...all, ...others].join(', ')}`);
  }
  const measured = await measure(name);
  points.push(...measured.points);
  for (const row of measured.rows) {
    rows.push({ bench: name, ...row });
    console.log(`| ${row.name} | ${row.value} | ${row.baseline} | ${row.ratio.toFixed(2)} |`);
  }
}

const folder = new URL('./results/', import.meta.url);
mkdirSync(folder, { recursive: true });
const file = new URL(`${machine.date.replaceAll(':', '-')}.json`, folder);
writeFileSync(file, `${JSON.stringify({ machine, rows, points }, null, 2)}\n`);
console.log(
  `\n${machine.processor}, ${machine.cores} cores, Node ${machine.node}; written to ${file.pathname}`,
);
if (points.length > 0) {
  const picture = new URL('./rate.svg', import.meta.url);
  writeFileSync(picture, pictureOf(points, machine));
  console.log(`the picture is in ${picture.pathname}`);
}
