/** The jobs of a user in the queue of Slurm, in one request for all of them. */

import { type CommandResult, complaintOf, type SlurmCommands } from './commands.js';

/** Tasks of an array that have the same state. */
export interface QueuedTasks {
  /** Id of the array in Slurm. */
  readonly slurmId: number;
  /** Ascending ranges of indexes: first and last. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Slurm's word: `PENDING`, `RUNNING`, `NODE_FAIL`. */
  readonly state: string;
  /** Slurm's word for the reason why they wait, or for their end. */
  readonly reason: string;
  /** Seconds since the epoch; null while they are unknown. */
  readonly start: number | null;
  readonly end: number | null;
  /** Empty for tasks without a node. */
  readonly host: string;
  readonly comment: string;
}

/** Array, indexes, state, start, end, nodes, reason, and the comment, which may have any text. */
const QUEUE_FORMAT = '%F|%K|%T|%S|%e|%N|%r|%k';
/** Without a format that separates fields, each has a width. */
const STATUS_FORMAT = 'ArrayJobID:16,ArrayTaskID:16,exit_code:16';

const ALL = ['--noheader', '--all', '--me', '--states=all'];

/**
 * Asks for all jobs of the user, and also for those that have ended a short time ago. Resolves with the complaint of the
 * command where Slurm does not answer.
 */
export async function askQueue(commands: SlurmCommands): Promise<QueuedTasks[] | string> {
  const result: CommandResult = await commands.run('squeue', [...ALL, `--format=${QUEUE_FORMAT}`]);
  return result.status === 0 ? readQueue(result.stdout) : complaintOf(result);
}

/**
 * Asks for the wait(2) statuses of all tasks, by array and index: `12_3`. Resolves with the complaint of the command
 * where Slurm does not answer.
 */
export async function askStatuses(commands: SlurmCommands): Promise<Map<string, number> | string> {
  const result = await commands.run('squeue', [...ALL, `--Format=${STATUS_FORMAT}`]);
  if (result.status !== 0) return complaintOf(result);
  const statuses = new Map<string, number>();
  for (const line of result.stdout.split('\n')) {
    const [id, index, status] = line.trim().split(/\s+/);
    if (status !== undefined) statuses.set(`${id}_${index}`, Number(status) || 0);
  }
  return statuses;
}

/** Reads the lines of squeue. Jobs that are not in an array are skipped. */
export function readQueue(output: string): QueuedTasks[] {
  const tasks: QueuedTasks[] = [];
  for (const line of output.split('\n')) {
    const [id = '', indexes = '', state = '', start = '', end = '', host = '', reason = '', ...comment] =
      line.split('|');
    const ranges = readRanges(indexes);
    if (!/^\d+$/.test(id) || ranges === null) continue;
    tasks.push({
      slurmId: Number(id),
      ranges,
      state,
      reason,
      start: timeOf(start),
      end: timeOf(end),
      host,
      comment: comment.join('|'),
    });
  }
  return tasks;
}

/** Seconds since the epoch. A version that does not know the format for times writes the local time. */
function timeOf(text: string): number | null {
  if (/^\d{9,}$/.test(text)) return Number(text);
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(time) ? time / 1000 : null;
}

/** Reads indexes of tasks: `7`, `4-9%4`, `1,3-5`, `0-8:2`. Null for a text that has none. */
export function readRanges(text: string): (readonly [number, number])[] | null {
  const ranges: (readonly [number, number])[] = [];
  for (const part of text.replace(/%\d+$/, '').split(',')) {
    const found = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part);
    if (found === null) return null;
    const first = Number(found[1]);
    const last = Number(found[2] ?? first);
    const step = Number(found[3] ?? 1);
    if (step <= 1) ranges.push([first, last]);
    else for (let index = first; index <= last; index += step) ranges.push([index, index]);
  }
  return ranges;
}
