// A tree of Flux instances against one instance: jobs per CPU second of all brokers and schedulers, with their start and
// end, and the largest broker. Jobs are mock-executed on made-up nodes. `TREE_BENCH_JOBS` sets the number of jobs.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, spread } from './measure.mjs';

const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const jobs = Number(process.env.TREE_BENCH_JOBS ?? 16_000);
const rounds = Number(process.env.TREE_BENCH_ROUNDS ?? 2);
const SAMPLE_EVERY_MS = 200;
const TICKS_PER_SECOND = 100;

const fake = (nodes) => [`--conf=fake-resources.nnodes=${nodes}`, '--conf=fake-resources.cores-per-node=64'];

/** [name, options of `flux start`, `member` of the file] */
const candidates = [
  ['tree of 8', 'parent', { instances: 8, cores: 1, broker: fake(64) }],
  ['tree of 2, replaced 6 times', 'parent', { instances: 2, cores: 1, broker: fake(64), recycle: jobs >> 3 }],
  ['one of 512 nodes', fake(512), null],
  ['one of 64 nodes', fake(64), null],
];

function study(member) {
  return JSON.stringify({
    ...(member === null ? {} : { member: { flux: member } }),
    jobs: [
      {
        name: 'a',
        command: 'true',
        count: jobs,
        inheritEnvironment: false,
        attributes: { system: { exec: { test: { run_duration: '0.001s' } } } },
      },
    ],
    rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
  });
}

/** CPU seconds and resident bytes of the processes below one, by their ids. */
function processesBelow(root) {
  const all = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
      const isOurs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath);
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const cpu = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
      all.set(pid, { name, isOurs, parent: fields[1], cpu, bytes: Number(fields[21]) * 4096 });
    } catch {
      // It has ended.
    }
  }
  const below = new Map();
  for (const [pid, process] of all) {
    let at = pid;
    while (at !== undefined && at !== String(root)) at = all.get(at)?.parent;
    if (at !== undefined) below.set(pid, process);
  }
  return below;
}

/** Runs the jobs. Resolves with CPU seconds, wall seconds and bytes. */
async function measure([name, options, member]) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tree-'));
  writeFileSync(join(folder, 'study.yaml'), study(member));
  const config = join(folder, 'flux.toml');
  // Made-up nodes would not start the brokers of the tree.
  writeFileSync(
    config,
    `[resource]\nnoverify = true\n[[resource.config]]\nhosts = "${hostname()}"\ncores = "0-63"\n`,
  );
  const start = options === 'parent' ? [`--conf=${config}`] : options;
  const args = ['run', join(folder, 'study.yaml'), '--executor', 'flux', '--json', '--no-log'];
  const child = spawn('flux', ['start', '-s1', ...start, '--', process.execPath, command, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOME: folder },
  });
  const begun = performance.now();
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  const brokers = new Map();
  const ours = new Map();
  let bytes = 0;
  const timer = setInterval(() => {
    for (const [pid, { name: program, isOurs, cpu, bytes: resident }] of processesBelow(child.pid)) {
      (isOurs ? ours : brokers).set(pid, cpu);
      if (program.startsWith('flux-broker')) bytes = Math.max(bytes, resident);
    }
  }, SAMPLE_EVERY_MS);
  const status = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  rmSync(folder, { recursive: true, force: true });
  const summary = JSON.parse(text.trimEnd().split('\n').at(-1));
  const { success } = summary.groups.a.count;
  if (status !== 0 || success !== jobs)
    throw new Error(`${name}: ${success} of ${jobs} jobs, status ${status}`);
  const sum = (values) => [...values.values()].reduce((a, b) => a + b, 0);
  return {
    perSecond: jobs / sum(brokers),
    ours: (sum(ours) / jobs) * 1e6,
    wall: (performance.now() - begun) / 1000,
    megabytes: bytes / 1e6,
  };
}

export async function run() {
  if (spawnSync('flux', ['version']).status !== 0) {
    console.error('the tree bench needs flux on PATH');
    return [];
  }
  const results = new Map(candidates.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const candidate of candidates) {
      const result = await measure(candidate);
      results.get(candidate[0]).push(result);
      console.error(candidate[0], JSON.stringify(result));
    }
  }
  const values = (name, key) => results.get(name).map((result) => result[key]);
  const row = (what, key, unit, ours, baseline, isCost = false) => {
    const ratio = median(values(ours, key)) / median(values(baseline, key));
    return {
      name: `${what}, ${jobs} jobs, ${ours}`,
      value: spread(values(ours, key), unit),
      baseline: `${baseline} ${spread(values(baseline, key), unit)}`,
      ratio: isCost ? 1 / ratio : ratio,
    };
  };
  const perSecond = ['perSecond', 'jobs per CPU second'];
  return [
    row('brokers', ...perSecond, 'tree of 8', 'one of 512 nodes'),
    row('brokers', ...perSecond, 'tree of 8', 'one of 64 nodes'),
    row('brokers', ...perSecond, 'tree of 2, replaced 6 times', 'one of 64 nodes'),
    row('the largest broker', 'megabytes', 'MB', 'tree of 8', 'one of 64 nodes', true),
    row('the largest broker', 'megabytes', 'MB', 'tree of 2, replaced 6 times', 'one of 64 nodes', true),
    row('our process', 'ours', 'us CPU a job', 'tree of 8', 'one of 64 nodes', true),
  ];
}
