/** Asks Slurm's accounting for jobs that have left its queue. */

import { type CommandResult, complaintOf, type SlurmCommands } from './commands.js';

/** The end of a task, as the accounting has it. */
export interface AccountedTask {
  readonly state: string;
  /** A wait(2) status. */
  readonly status: number;
  /** Seconds since the epoch. */
  readonly start: number | null;
  readonly end: number | null;
  readonly host: string;
}

/** Arrays that one request may name: the accounting of a large site is slow. */
const MOST_ARRAYS = 100;
const FIELDS = 'JobID,State,ExitCode,Start,End,NodeList';

/**
 * Asks for the tasks of arrays, by their names: `12_3`. Resolves with the complaint of the command where the accounting
 * does not answer.
 */
export async function askAccounting(
  commands: SlurmCommands,
  slurmIds: readonly number[],
): Promise<Map<string, AccountedTask> | string> {
  const all = new Map<string, AccountedTask>();
  for (let begin = 0; begin < slurmIds.length; begin += MOST_ARRAYS) {
    const jobs = slurmIds.slice(begin, begin + MOST_ARRAYS).join(',');
    const args = [
      '--allocations',
      '--noheader',
      '--parsable2',
      '--array',
      `--format=${FIELDS}`,
      `--jobs=${jobs}`,
    ];
    const result: CommandResult = await commands.run('sacct', args);
    if (result.status !== 0) return complaintOf(result);
    for (const [name, task] of readAccounting(result.stdout)) all.set(name, task);
  }
  return all;
}

/** Reads lines such as `12_3|CANCELLED by 1000|0:15|1795767857|1795767858|n1`. */
export function readAccounting(output: string): Map<string, AccountedTask> {
  const tasks = new Map<string, AccountedTask>();
  for (const line of output.split('\n')) {
    const [name = '', state = '', exit = '', start = '', end = '', host = ''] = line.split('|');
    if (!/^\d+_\d+$/.test(name)) continue;
    const [code = 0, signal = 0] = exit.split(':').map(Number);
    const time = (text: string) => (/^\d{9,}$/.test(text) ? Number(text) : null);
    tasks.set(name, {
      state: state.split(' ')[0] ?? '',
      status: (code << 8) | signal,
      start: time(start),
      end: time(end),
      host: host === 'None assigned' ? '' : host,
    });
  }
  return tasks;
}
