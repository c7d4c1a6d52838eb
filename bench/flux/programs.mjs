// The programs of the Flux bench, and the jobspec that they submit.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = ['journal_futures', 'journal_raw', 'submit_pipelined', 'hop'];

/** The group of the jobs of the C programs. */
export const loadGroup = 'load';
/** Flux's mock executes these jobs without a process. */
export const mock = { system: { exec: { test: { run_duration: '0.001s' } } } };

/** The jobspec of the C programs, with the same resources and attributes as ours (src/members/jobspec.ts). */
const jobspec = {
  resources: [
    {
      type: 'node',
      count: 1,
      with: [{ type: 'slot', count: 1, with: [{ type: 'core', count: 1 }], label: 'task' }],
    },
  ],
  tasks: [{ command: ['/bin/true'], slot: 'task', count: { per_slot: 1 } }],
  version: 1,
  attributes: {
    system: { duration: 0, cwd: '/tmp', environment: environmentOfJobs(), ...mock.system },
    user: { group: loadGroup },
  },
};

function environmentOfJobs() {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('FLUX_'));
  return Object.fromEntries(own);
}

/** Returns the path of that jobspec in processes of this bench. */
export const jobspecFile = () => join(process.env.FLUX_BENCH_FOLDER, 'job.json');

/** Compiles the programs into a temporary folder, which also contains the jobspec, and returns the folder. */
export function buildPrograms() {
  const folder = mkdtempSync(join(tmpdir(), 'flux-bench-'));
  const pkgConfig = (...options) =>
    execFileSync('pkg-config', [...options, 'flux-core'], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
  const rpath = `-Wl,-rpath,${pkgConfig('--variable=libdir')[0]}`;
  for (const name of sources) {
    const paths = ['-o', join(folder, name), join(here, `${name}.c`)];
    execFileSync('cc', ['-O2', ...paths, ...pkgConfig('--cflags', '--libs'), rpath], {
      stdio: 'inherit',
    });
  }
  writeFileSync(join(folder, 'job.json'), JSON.stringify(jobspec));
  return folder;
}

/** Runs a program to its end, and returns its lines of JSON. */
export function runProgram(file, args) {
  return start(file, args).done;
}

/** Returns the command of a compiled program, or of a script in this folder. */
function commandOf(file, args) {
  if (file.endsWith('.mjs')) return [process.execPath, [join(here, file), ...args]];
  if (file.endsWith('.py')) return ['flux', ['python', join(here, file), ...args]];
  return [file, args];
}

/**
 * Starts a program. `ready` resolves when it has printed that word. `end()` closes its input, and `done` resolves
 * with its lines.
 */
export function start(file, args) {
  const child = spawn(...commandOf(file, args), { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  let resolveReady;
  const ready = new Promise((resolve) => {
    resolveReady = resolve;
  });
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece;
    if (text.includes('ready\n')) resolveReady();
  });
  const done = new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`${file} ${args.join(' ')} ended with ${code}`));
      resolve(text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : [])));
    });
  });
  return { ready, done, end: () => child.stdin.end() };
}
