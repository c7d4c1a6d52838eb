// The Flux member on a real Flux instance, against minimal C programs on libflux-core (bench/flux/). Each kind of
// measurement runs in its own instance with one broker and mock-executed jobs.

import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildPrograms } from './flux/programs.mjs';
import { median, spread } from './measure.mjs';

const driver = fileURLToPath(new URL('./flux/driver.mjs', import.meta.url));

/** [kind, size, rounds] */
const plan = [
  ['live', 1000, 5],
  ['backlog', 3000, 4],
  ['accept', 2000, 4],
  ['hop', 200, 4],
  ['group', 2000, 2],
];

/** Maximum seconds of one kind. A stuck broker must not prevent the other measurements. */
const patience = 600;

/** Returns why the bench can't run here; null when it can. */
function missing() {
  if (spawnSync('flux', ['version']).status !== 0) return '`flux` is missing in PATH';
  return null;
}

/** Returns values by series, from one instance. */
function inInstance(folder, args) {
  return new Promise((resolve, reject) => {
    const child = spawn('flux', ['start', '--test-size=1', process.execPath, driver, ...args.map(String)], {
      env: { ...process.env, FLUX_BENCH_FOLDER: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: patience * 1000,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    child.on('close', (code, signal) => {
      if (code !== 0) return reject(new Error(`its instance ended with ${code ?? signal}`));
      const series = {};
      for (const line of text.split('\n').filter((line) => line.startsWith('{'))) {
        const { series: name, value } = JSON.parse(line);
        series[name] ??= [];
        series[name].push(value);
      }
      resolve(series);
    });
  });
}

/** Returns rows of the result table. A ratio above 1 means that ours is better. */
function rowsOf(series) {
  /** Skips series that were given up. */
  const measured = (...names) => names.every((name) => series[name] !== undefined);
  const cheaper = (name, ours, baseline, unit) =>
    measured(ours, baseline) && {
      name,
      value: spread(series[ours], unit),
      baseline: `${baseline} ${spread(series[baseline], unit)}`,
      ratio: median(series[baseline]) / median(series[ours]),
    };
  const faster = (name, ours, baseline, unit) => {
    const row = cheaper(name, ours, baseline, unit);
    return row && { ...row, ratio: 1 / row.ratio };
  };
  const perMessage = 'us CPU a message';
  const hops = ['all validated', 'one validated'].flatMap((validated) =>
    ['', ', blocked'].flatMap((state) =>
      ['p50', 'p99'].map((quantile) =>
        cheaper(
          `finish to next submit, ${quantile}${state && ', event loop blocked'}, ${validated}`,
          `hop ours, ${validated}${state} ${quantile}`,
          `hop C${state && ', beside a busy loop'} ${quantile}`,
          'ms',
        ),
      ),
    ),
  );
  return [
    cheaper('journal live, all events, 10 rules', 'live ours', 'live futures', perMessage),
    cheaper('journal live, receiving alone', 'live raw', 'live futures', perMessage),
    cheaper('journal live, needed events only', 'live filtered', 'live ours', 'us CPU a message of all'),
    cheaper('journal backlog, all events, 10 rules', 'backlog ours', 'backlog futures', perMessage),
    cheaper('journal backlog, receiving alone', 'backlog raw', 'backlog futures', perMessage),
    faster('2,000 jobs accepted, all validated', 'accept ours, all validated', 'accept C', 'jobs/s'),
    faster('2,000 jobs accepted, one validated', 'accept ours, one validated', 'accept C', 'jobs/s'),
    faster('2,000 jobs accepted, none validated', 'accept C, none validated', 'accept C', 'jobs/s'),
    ...hops,
    cheaper(
      'finish to next submit, p50, one validated',
      'hop ours, one validated p50',
      'hop Python p50',
      'ms',
    ),
    cheaper('2,000 jobs and a follow-up, start to finish', 'group ours', 'group C', 's'),
    cheaper('2,000 jobs and a follow-up, start to finish', 'group ours', 'group Python', 's'),
  ].filter(Boolean);
}

export async function run() {
  const reason = missing();
  if (reason !== null) {
    console.log(`(flux skipped: ${reason})`);
    return [];
  }
  const folder = buildPrograms();
  try {
    const series = {};
    for (const args of plan) {
      const measuring = inInstance(folder, args);
      Object.assign(
        series,
        await measuring.catch((error) => console.error(`(flux: ${args[0]} was skipped: ${error.message})`)),
      );
    }
    return rowsOf(series);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
