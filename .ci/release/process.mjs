/** Starts programs, and ends the release when a signal asks for it. */

import { spawn } from 'node:child_process';
import { Failure } from './failure.mjs';

/** The program that is running, and the signal that ended the release; null without one. */
let running = null;
let interruption = null;

/** From now on a signal ends the running program, and then the release as a failure, which restores the files. */
export function watchSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      interruption = signal;
      running?.kill('SIGTERM');
    });
  }
}

/** Fails after a signal. */
export function checkInterruption() {
  if (interruption !== null) throw new Failure(`${interruption} ended the release`);
}

/**
 * Runs a program to its end. Options are those of `spawn`; with `capture: true` its output is returned and not shown.
 * Returns the exit status (128 after a signal) and the captured output. Fails when the program does not start, or after
 * a signal to the release.
 */
export async function run(program, args, { capture = false, ...options } = {}) {
  checkInterruption();
  const stdio = capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
  const child = spawn(program, args, { ...options, stdio });
  running = child;
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  const status = await new Promise((resolve, reject) => {
    child.on('error', ({ message }) => reject(new Failure(`${program} can't be started: ${message}`)));
    child.on('close', (code) => resolve(code ?? 128));
  }).finally(() => {
    running = null;
  });
  checkInterruption();
  return { status, ...output };
}

/** Runs a program that must succeed, and returns its standard output if it is captured. */
export async function mustRun(program, args, options = {}) {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status === 0) return stdout;
  const reason = stderr.trim().split('\n').at(-1);
  throw new Failure(
    `'${[program, ...args].join(' ')}' failed with exit status ${status}${reason === '' ? '' : `: ${reason}`}`,
  );
}
