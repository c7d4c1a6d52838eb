/** Runs Slurm's commands, and counts them: each is a request to the controller, which all users of a cluster share. */

import { spawn } from 'node:child_process';

/** The commands that the member uses. */
export type Program = 'sbatch' | 'squeue' | 'scancel' | 'scontrol' | 'sacct';

export interface CommandResult {
  /** Exit status; null for a command that did not end in time, or could not be started. */
  readonly status: number | null;
  readonly stdout: string;
  /** Also the reason why a command could not be started. */
  readonly stderr: string;
}

export interface CommandOptions {
  /** The environment; that of this process by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** The command is ended as soon as its errors match. */
  readonly giveUpAt?: RegExp;
}

/** Seconds after which a command is ended. Slurm's own limits are shorter. */
const PATIENCE = 60;

/** Times in seconds since the epoch, indexes of arrays in full, and messages in English. */
const FORMATS = { SLURM_TIME_FORMAT: '%s', SLURM_BITSTR_LEN: '0', LC_ALL: 'C' };

/** The last line of a command's errors, without its name. */
export function complaintOf({ status, stderr }: CommandResult): string {
  const last = stderr.trim().split('\n').at(-1)?.trim() ?? '';
  const words = last.replace(/^\w+: (?:error: )?(?:Batch job submission failed: )?/, '');
  if (words !== '') return words;
  return status === null ? `no answer within ${PATIENCE} seconds` : `exit status ${status}`;
}

/** Runs a command and resolves with its result. Never rejects. */
export type RunCommand = (
  program: Program,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<CommandResult>;

/** Runs the program of that name on PATH. */
const runProgram: RunCommand = (program, args, { env = process.env, giveUpAt } = {}) =>
  new Promise((resolve) => {
    const texts = { stdout: '', stderr: '' };
    // A session of its own: Ctrl-C in a terminal must not end a submission half-way.
    const child = spawn(program, args, {
      env: { ...env, ...FORMATS },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE * 1000);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        if (giveUpAt?.test(texts.stderr)) child.kill('SIGKILL');
      });
    }
    const settle = (status: number | null) => {
      clearTimeout(timer);
      resolve({ status, ...texts });
    };
    child.on('error', (error) => {
      texts.stderr += error.message;
      settle(null);
    });
    child.on('close', (status) => settle(status));
  });

export class SlurmCommands {
  readonly #run: RunCommand;
  readonly #counts = new Map<Program, number>();

  constructor(run: RunCommand = runProgram) {
    this.#run = run;
  }

  /** How often each command was run. */
  get counts(): Readonly<Partial<Record<Program, number>>> {
    return Object.fromEntries(this.#counts);
  }

  run(program: Program, args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    this.#counts.set(program, (this.#counts.get(program) ?? 0) + 1);
    return this.#run(program, args, options);
  }
}
