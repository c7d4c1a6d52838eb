// Jobs of /bin/true on the local member, and their effect on the event loop of the host process. The baseline
// starts the same number of concurrent processes with child_process.

import { spawn } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Ensemble } from '../dist/index.js';
import { show } from './measure.mjs';

const jobs = 10_000;
const slots = 2;

async function throughEnsemble() {
  const ensemble = Ensemble.fromObject(
    {
      jobs: [{ name: 'true', command: '/bin/true', count: jobs }],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'true' } }],
    },
    { slots },
  );
  const { metrics } = await ensemble.run();
  await ensemble.close();
  if (metrics.groups.get('true').count.success !== jobs) throw new Error('jobs were lost');
}

async function throughChildProcess() {
  let left = jobs;
  const worker = async () => {
    while (left-- > 0) {
      await new Promise((resolve) => {
        spawn('/bin/true', { stdio: 'ignore', detached: true }).on('exit', resolve);
      });
    }
  };
  await Promise.all(Array.from({ length: slots }, worker));
}

async function measured(run) {
  globalThis.gc?.();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  await run();
  const seconds = (performance.now() - begin) / 1000;
  delay.disable();
  return { seconds, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
}

export async function run() {
  const ours = await measured(throughEnsemble);
  const theirs = await measured(throughChildProcess);
  return [
    {
      name: `local member, ${jobs} x /bin/true, ${slots} slots`,
      value: `${show(jobs / ours.seconds)} jobs/s`,
      baseline: `bare child_process ${show(jobs / theirs.seconds)} processes/s`,
      ratio: theirs.seconds / ours.seconds,
    },
    {
      name: 'event-loop delay meanwhile, p99 (timer resolution 1 ms)',
      value: `${show(ours.p99)} ms (max ${show(ours.max)})`,
      baseline: `bare child_process ${show(theirs.p99)} ms (max ${show(theirs.max)})`,
      ratio: theirs.p99 / ours.p99,
    },
  ];
}
