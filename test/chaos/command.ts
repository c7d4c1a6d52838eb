/** Runs `ensemble` in a process group of its own, which is killed without mercy. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/cli/main.js');

export interface Ended {
  readonly arguments: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly seconds: number;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A shell command line that runs `"$@"`, for example with limits. */
  readonly wrapper?: string;
}

/** Groups of processes that run. */
const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) killGroup(pid);
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

export class Command {
  readonly ended: Promise<Ended>;
  readonly #pid: number;
  #hasEnded = false;

  constructor(args: readonly string[], { cwd, env, wrapper }: CommandOptions) {
    const own = [process.execPath, main, ...args];
    const [program = '', ...words] = wrapper === undefined ? own : ['sh', '-c', wrapper, 'sh', ...own];
    const begun = performance.now();
    const child = spawn(program, words, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const pid = child.pid;
    if (pid === undefined) throw new Error(`${program} can't be started`);
    this.#pid = pid;
    running.add(pid);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        texts[name] += chunk;
      });
    }
    child.on('exit', () => {
      this.#hasEnded = true;
      running.delete(pid);
      // Processes of the group that outlive it keep the pipes open.
      killGroup(pid);
    });
    this.ended = new Promise((resolve) => {
      child.on('close', (status, signal) => {
        resolve({ ...texts, arguments: args, status, signal, seconds: (performance.now() - begun) / 1000 });
      });
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves at its end. A process that exceeds `most` seconds is killed; its signal is then SIGKILL. */
  async within(most: number): Promise<Ended> {
    const timer = setTimeout(() => this.kill(), most * 1000);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Kills the process group at once. */
  kill(): void {
    killGroup(this.#pid);
  }
}

/** Runs `ensemble` to its end, for at most `most` seconds. */
export function run(args: readonly string[], options: CommandOptions, most = 120): Promise<Ended> {
  return new Command(args, options).within(most);
}

/** A process that has ended, in words. */
export function describe({ arguments: args, status, signal, stdout, stderr }: Ended): string {
  const end = (text: string) => text.trimEnd().slice(-2000);
  return `ensemble ${args.join(' ')} ended with ${signal ?? status}\n${end(stdout)}\n${end(stderr)}`;
}
