/**
 * `npm run slurm:many`: many jobs on a Slurm cluster of made-up nodes, too many for the tests. Prints the throughput, the
 * requests to the controller, and the CPU time of the ensemble.
 *
 *     npm run slurm:many -- --jobs 5000 --interval 2s
 *     npm run slurm:many -- --pilots 2         in pilots, which need Flux here
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Cluster } from '../support/slurm-cluster.js';

const execute = promisify(execFile);
const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '5000' },
    interval: { type: 'string', default: '10s' },
    pilots: { type: 'string', default: '0' },
  },
});

const cluster = await Cluster.start({
  ...{ nodes: 4, cpus: 16, maxJobCount: 2 * Number(values.jobs) + 1000 },
  // One machine is all nodes, and is busy.
  ...{ slurmdTimeout: 300, messageTimeout: 30 },
});
const folder = mkdtempSync(join(tmpdir(), 'slurm-many-'));
try {
  const file = join(folder, 'many.yaml');
  const member = values.pilots === '0' ? '' : `member: {slurm: {pilots: ${values.pilots}, time: 1h}}\n`;
  writeFileSync(
    file,
    `${member}jobs: [{name: many, command: 'true', count: ${values.jobs}}]\nrules: [{trigger: start, action: {name: submit, label: many}}]\n`,
  );
  const args = ['--executor', 'slurm', '--slurm-interval', values.interval, '--state', join(folder, 'state')];
  const timed = 'TIMEFORMAT="%U %S"; time node "$@"';
  const options = { env: { ...process.env, ...cluster.env }, cwd: folder, maxBuffer: 2 ** 28 };
  const { stdout, stderr } = await execute(
    'bash',
    ['-c', timed, 'many', main, 'run', file, '--json', ...args],
    options,
  );
  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  const { count, duration, pending } = summary.groups.many;
  const cpu = stderr.trimEnd().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  const seconds = cpu.reduce((sum, part) => sum + part, 0);
  console.log(`${count.success} of ${count.submitted} jobs succeeded in ${summary.seconds.toFixed(1)} s`);
  console.log(
    `${(count.success / summary.seconds).toFixed(1)} jobs/s, requests: ${JSON.stringify(summary.requests)}`,
  );
  console.log(`CPU: ${seconds.toFixed(2)} s, with the commands of Slurm`);
  console.log(`waited ${pending.mean.toFixed(1)} s and took ${duration.mean.toFixed(3)} s on average`);
  if (stderr.trimEnd().includes('\n')) console.log(stderr);
} finally {
  rmSync(folder, { recursive: true, force: true });
  await cluster.stop();
}
