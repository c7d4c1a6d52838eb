// Memory of the process: with a million active jobs, and after ten million ended ones.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, show, spread } from './measure.mjs';

const child = fileURLToPath(new URL('./memory-child.mjs', import.meta.url));
const MB = 1e6;

function measure(...args) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--expose-gc', child, ...args.map(String)],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

export async function run() {
  // Several runs, because garbage collection varies.
  const active = [1, 2, 3, 4, 5].map(() => measure('active', 1_000_000));
  const ended = measure('ended', 1_000_000, 10_000_000);
  const [few, many] = ended.rss;
  const idle = active.map((process) => process.idle / MB);
  const grown = active.map((process) => (process.rss[0] - process.idle) / MB);
  const peak = active.map((process) => (process.peak - process.idlePeak) / MB);
  return [
    {
      name: '1,000,000 active jobs, over the idle process',
      value: `${spread(grown, 'MB')}, peak ${show(median(peak))} MB`,
      baseline: `the idle process ${show(median(idle))} MB`,
      ratio: median(idle.map((megabytes, i) => megabytes / (megabytes + grown[i]))),
    },
    {
      name: 'after 10,000,000 jobs that have ended',
      value: `${show(many / MB)} MB`,
      baseline: `after 1,000,000 ${show(few / MB)} MB`,
      ratio: few / many,
    },
  ];
}
