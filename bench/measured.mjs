// Jobs whose output is measured by a pattern: the time that it adds to a run, and the effect on the process of the run. The
// baseline is the same run without `measure:`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Ensemble } from '../dist/index.js';
import { show } from './measure.mjs';

const jobs = 2000;
/** Lines of the output of a job. */
const lines = 200;

async function runOnce(measure) {
  const folder = mkdtempSync(join(tmpdir(), 'measured-'));
  const command = `seq -f "     total energy: -%g.5 eV" ${lines}`;
  const ensemble = Ensemble.fromObject(
    {
      jobs: [{ name: 'a', command, count: jobs, ...measure }],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
    },
    { slots: 4, runFolder: join(folder, 'run') },
  );
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 50);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  const { metrics } = await ensemble.run();
  const seconds = (performance.now() - begin) / 1000;
  delay.disable();
  clearInterval(look);
  await ensemble.close();
  rmSync(folder, { recursive: true });
  const { count, probes } = metrics.groups.get('a');
  if (count.success !== jobs) throw new Error('jobs were lost');
  if (probes !== undefined && (probes.energy.count !== jobs || probes.energy.mean !== -lines - 0.5)) {
    throw new Error('values were lost');
  }
  return { seconds, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, grown: (most - before) / 2 ** 20 };
}

export async function run() {
  await runOnce({});
  const plain = await runOnce({});
  const measured = await runOnce({ measure: { energy: { pattern: 'energy: (\\S+) eV' } } });
  const delayOf = ({ p99, max }) => `${show(p99)} ms (max ${show(max)})`;
  return [
    {
      name: `${jobs} local jobs, each measured by a pattern in ${lines} lines`,
      value: `${show(measured.seconds)} s`,
      baseline: `without measuring ${show(plain.seconds)} s`,
      ratio: plain.seconds / measured.seconds,
    },
    {
      name: 'event-loop delay meanwhile, p99 (timer resolution 1 ms)',
      value: delayOf(measured),
      baseline: `without measuring ${delayOf(plain)}`,
      ratio: plain.p99 / measured.p99,
    },
    {
      name: 'growth of memory meanwhile',
      value: `${show(measured.grown)} MiB`,
      baseline: `without measuring ${show(plain.grown)} MiB`,
      ratio: plain.grown / measured.grown,
    },
  ];
}
