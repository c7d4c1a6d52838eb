// A process of the memory bench: `active N` stops when N jobs are active, `ended N M` measures after N and after M.

import { readFileSync } from 'node:fs';
import { Engine } from '../dist/engine/engine.js';
import { synthesize } from '../dist/recording/synth.js';
import { makePlan, silent } from './plan.mjs';

const [what, ...counts] = process.argv.slice(2);
const marks = counts.map(Number);
const groups = 10;
const metric = { statistic: 'mean', variable: 'duration', threshold: 1e9 };

/** Returns the resident bytes after garbage collection. */
function resident() {
  gc();
  return process.memoryUsage.rss();
}

/** Not resourceUsage().maxRSS, which begins with that of the parent process. */
const peak = () => 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);

async function feed(engine, options, reached) {
  for (const piece of synthesize({ groups, failures: 0, ...options })) {
    await engine.ingest(piece);
    if (reached(await engine.status())) return;
  }
}

// Allocates the generator's memory before the idle process is measured.
for (const piece of synthesize({ jobs: 20_000, groups })) void piece;

const engine = new Engine(makePlan(groups, 10, metric), silent);
const result = { idle: resident(), idlePeak: peak(), rss: [] };
if (what === 'active') {
  // Jobs are submitted much faster than they run.
  const options = { jobs: marks[0] * 2, rate: 100_000, slots: 1, meanDuration: 1e6 };
  await feed(engine, options, ({ activeJobs }) => activeJobs >= marks[0]);
  result.rss.push(resident());
} else {
  // Jobs end as fast as they are submitted.
  const options = { jobs: marks.at(-1), rate: 1000, slots: 1500, meanDuration: 1 };
  let ended = 0;
  await feed(engine, options, ({ events, activeJobs }) => {
    ended = events / 11 - activeJobs;
    if (ended >= marks[result.rss.length] - 10_000) result.rss.push(resident());
    return result.rss.length === marks.length;
  });
}
result.peak = peak();
engine.close();
console.log(JSON.stringify(result));
