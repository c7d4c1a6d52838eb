/**
 * Logs that lack something: damaged ones, and those that ended before their run did, for example because the disk was
 * full. The writer of the log leaves a mark then (native/log/segment_files.h). When the run is resumed all the same, the
 * mark gets another name.
 */

import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EnsembleError } from '../errors.js';
import { localMinute } from '../text/local-time.js';
import { logFolder } from './run-folder.js';

const MARK = 'ended';
const ACCEPTED = /^ended\.\d+$/;

function changedAt(path: string): number | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : stats.mtimeMs / 1000;
}

function acceptedMarks(log: string): string[] {
  try {
    return readdirSync(log).filter((name) => ACCEPTED.test(name));
  } catch {
    return [];
  }
}

/** Returns the time from which on jobs of a run are missing in its log, in seconds since the epoch; null for none. */
export function incompleteSince(folder: string): number | null {
  const log = logFolder(folder);
  const marks = [...acceptedMarks(log), MARK].map((name) => changedAt(join(log, name)));
  const times = marks.filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Since when `ensemble resume` needs `--incomplete-log`, in seconds since the epoch; null where it does not. */
function refusedSince(folder: string): number | null {
  return changedAt(join(logFolder(folder), MARK));
}

/** The option that `ensemble resume` needs for a run, after a space; empty where it needs none. */
export function neededOption(folder: string): string {
  return refusedSince(folder) === null ? '' : ' --incomplete-log';
}

/** Throws EnsembleError `ERR_RUN` for a run whose log ended early, unless a process has gone on with it since. */
export function refuseIncomplete(folder: string, id: string): void {
  const since = refusedSince(folder);
  if (since === null) return;
  const message =
    `run ${id} can't be resumed: its log ended on ${localMinute(since)}, before the run did. Jobs that were submitted ` +
    'later are not known, and would run twice; --incomplete-log goes on all the same';
  throw new EnsembleError('ERR_RUN', message);
}

/** The run goes on although its log ended early. Throws the system's errors. */
export function acceptIncomplete(folder: string): void {
  const log = logFolder(folder);
  const mark = join(log, MARK);
  if (changedAt(mark) !== null) renameSync(mark, join(log, `${MARK}.${acceptedMarks(log).length + 1}`));
}

/** Words for a user about the jobs that are missing. */
export function incompleteWords(id: string, since: number): string {
  return `the log of run ${id} is incomplete since ${localMinute(since)}: it could not be written, so later jobs are missing`;
}

/** Words for a user about a log that can't be read in full. `then` is the consequence. */
export function damageWords(id: string, damage: string, then = 'jobs may be missing or incomplete'): string {
  return `the log of run ${id} is damaged (${damage}): ${then}`;
}
