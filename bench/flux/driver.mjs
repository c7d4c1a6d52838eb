// Runs inside its own instance (`flux start node driver.mjs`). Measures ours and the C program in turn, and prints
// lines of JSON: {"series": NAME, "value": NUMBER}. FLUX_BENCH_FOLDER contains the programs.

import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { jobspecFile, runProgram, start } from './programs.mjs';
import { tell } from './session.mjs';

const c = (name) => join(process.env.FLUX_BENCH_FOLDER, name);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const note = (series, value) => tell({ series, value });

function flux(...args) {
  execFileSync('flux', args, { stdio: 'ignore' });
}

const costOf = ({ cpuUs, messages }) => cpuUs / messages;

/** An instance gets slower with every job, so the order of the candidates alternates. */
const inTurn = (candidates, round) => (round % 2 === 0 ? candidates : candidates.toReversed());

/** All consumers follow the same jobs at the same time, so each receives the same messages. */
async function live(jobs) {
  const consumers = {
    'live futures': start(c('journal_futures'), ['live']),
    'live raw': start(c('journal_raw'), ['live']),
    'live ours': start('journal.mjs', ['live', 'all']),
    'live filtered': start('journal.mjs', ['live', 'allow']),
  };
  for (const { ready } of Object.values(consumers)) await ready;
  await runProgram(c('submit_pipelined'), [jobspecFile(), String(jobs)]);
  flux('queue', 'drain');
  await pause(500);
  let all = 0;
  for (const [series, { end, done }] of Object.entries(consumers)) {
    end();
    const [result] = await done;
    // The filter reduces the messages. The comparison is the cost of following the same jobs.
    all ||= result.messages;
    note(series, result.cpuUs / all);
  }
}

async function backlog() {
  for (const [series, file] of [
    ['backlog futures', c('journal_futures')],
    ['backlog raw', c('journal_raw')],
    ['backlog ours', 'journal.mjs'],
  ]) {
    for (const result of await runProgram(file, ['backlog', '3'])) note(series, costOf(result));
  }
}

/** The queue is stopped, so that the scheduler does not disturb the measurement. */
async function accept(jobs, round) {
  flux('queue', 'stop');
  for (const [series, file, ...rest] of inTurn(
    [
      ['accept C', c('submit_pipelined')],
      ['accept ours, all validated', 'jobs.mjs', 'all'],
      ['accept C, none validated', c('submit_pipelined'), 'novalidate'],
      ['accept ours, one validated', 'jobs.mjs', 'once'],
    ],
    round,
  )) {
    const args = file === 'jobs.mjs' ? ['submit', String(jobs)] : [jobspecFile(), String(jobs)];
    const [{ rate }] = await runProgram(file, [...args, ...rest]);
    note(series, rate);
    flux('cancel', '--all', '--quiet');
    flux('queue', 'drain');
  }
  flux('queue', 'start');
}

/** Two baselines in C, one beside a busy loop, because that takes a core from both. */
async function hop(hops, round) {
  for (const [series, file, ...rest] of inTurn(
    [
      ['hop C', c('hop')],
      ['hop Python', 'hop.py'],
      ['hop ours, all validated', 'jobs.mjs', 'all'],
      ['hop ours, one validated', 'jobs.mjs', 'once'],
      ['hop C, beside a busy loop', c('hop')],
      ['hop ours, all validated, blocked', 'jobs.mjs', 'all', 'blocked'],
      ['hop ours, one validated, blocked', 'jobs.mjs', 'once', 'blocked'],
    ],
    round,
  )) {
    const args = file === 'jobs.mjs' ? ['hop', String(hops)] : [jobspecFile(), String(hops)];
    const busy = series.includes('beside') ? spawn(process.execPath, ['-e', 'for (;;);']) : null;
    const [{ p50, p99 }] = await runProgram(file, [...args, ...rest]);
    busy?.kill();
    note(`${series} p50`, p50);
    note(`${series} p99`, p99);
    flux('queue', 'drain');
  }
}

async function group(jobs, round) {
  for (const [series, file, args] of inTurn(
    [
      ['group C', c('hop'), [jobspecFile(), '1', String(jobs)]],
      ['group ours', 'jobs.mjs', ['group', String(jobs)]],
      ['group Python', 'hop.py', [jobspecFile(), '1', String(jobs)]],
    ],
    round,
  )) {
    const [{ seconds }] = await runProgram(file, args);
    note(series, seconds);
    flux('queue', 'drain');
  }
}

const [mode, size, rounds] = process.argv.slice(2);
const measure = { live, backlog, accept, hop, group }[mode];
if (mode === 'backlog') {
  await runProgram(c('submit_pipelined'), [jobspecFile(), size]);
  flux('queue', 'drain');
}
for (let round = 0; round < Number(rounds); round++) await measure(Number(size), round);
process.exit(0);
