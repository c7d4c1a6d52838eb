/** Runs a program for a check of `ensemble doctor`, within a bounded time. */

import { execFile } from 'node:child_process';
import type { CheckOptions } from './finding.js';

/** The part of the time of a check after which its program is killed, so that the check can say so. */
const PART = 0.9;

export interface Answer {
  /** Exit status; null for a program that was not found, was killed, or did not end in time. */
  readonly status: number | null;
  readonly stdout: string;
  /** Null for success; `missing` without such a program; otherwise the reason of the failure in one line. */
  readonly failure: 'missing' | (string & {}) | null;
}

/** Runs a program of PATH and resolves with its answer. Never rejects. `environment` is added to that of this process. */
export function askProgram(
  program: string,
  args: readonly string[],
  { wait }: Pick<CheckOptions, 'wait'>,
  environment: NodeJS.ProcessEnv = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    const seconds = PART * wait;
    const env = { ...process.env, LC_ALL: 'C', ...environment };
    const options = { timeout: 1000 * seconds, killSignal: 'SIGKILL', env } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ status: 0, stdout, failure: null });
      const { code, signal } = error;
      if (code === 'ENOENT') return resolve({ status: null, stdout, failure: 'missing' });
      const status = typeof code === 'number' ? code : null;
      const late = error.killed === true ? `it did not answer within ${seconds} s` : null;
      resolve({ status, stdout, failure: late ?? reasonOf(signal ?? null, status, stderr) });
    });
    // A program that reads must not wait for the terminal.
    child.stdin?.end();
  });
}

function reasonOf(signal: string | null, status: number | null, stderr: string): string {
  if (signal !== null) return `it was ended by ${signal}`;
  const last = stderr.trim().split('\n').at(-1)?.trim() ?? '';
  return last === '' ? `it ended with status ${status ?? 'unknown'}` : last;
}
