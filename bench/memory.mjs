// Memory of the process: with a million active jobs, and after ten million that have ended.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { show } from './measure.mjs';

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
  const active = measure('active', 1_000_000);
  const ended = measure('ended', 1_000_000, 10_000_000);
  const [few, many] = ended.rss;
  return [
    {
      name: '1,000,000 active jobs, over the idle process',
      value: `${show((active.rss[0] - active.idle) / MB)} MB (peak ${show((active.peak - active.idlePeak) / MB)} MB)`,
      baseline: `the idle process ${show(active.idle / MB)} MB`,
      ratio: active.idle / active.rss[0],
    },
    {
      name: 'after 10,000,000 jobs that have ended',
      value: `${show(many / MB)} MB`,
      baseline: `after 1,000,000 ${show(few / MB)} MB`,
      ratio: few / many,
    },
  ];
}
