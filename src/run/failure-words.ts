/** Reasons of failures in words. */

import { constants } from 'node:os';
import type { NativeFailureReason } from '../engine/addon.js';
import type { FailureCause } from '../model/failure.js';

/** By number. */
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);
const { SIGKILL } = constants.signals;

/** In the order of FailureKind in native/engine/failures.h. */
const kinds = ['exception', 'status', 'unknown', 'canceled', 'more'] as const;

/** The meaning of a wait(2) status. Flux's shell reports signals by exit statuses above 128. */
function readStatus(status: number): Pick<FailureCause, 'exitStatus' | 'signal'> {
  const signal = status & 0x7f;
  if (signal !== 0) return { exitStatus: null, signal: SIGNALS.get(signal) ?? `signal ${signal}` };
  const exitStatus = (status >> 8) & 0xff;
  return { exitStatus, signal: (exitStatus > 128 && SIGNALS.get(exitStatus - 128)) || null };
}

function describeStatus(status: number): string {
  const { exitStatus, signal } = readStatus(status);
  const hint = signal === SIGNALS.get(SIGKILL) ? ', perhaps for want of memory' : '';
  if (exitStatus === null) return `ended by ${signal}${hint}`;
  if (signal !== null) return `exit status ${exitStatus} (${signal}${hint})`;
  if (exitStatus === 127) return 'exit status 127 (command not found)';
  if (exitStatus === 126) return "exit status 126 (command can't be executed)";
  return `exit status ${exitStatus}`;
}

/** The note without the task and host at its beginning, which belong to one job. */
function describeException(type: string, note: string): string {
  const text = note.replace(/^task \d+ \(host [^)]*\): /, '');
  if (text === '') return `exception of type ${type}`;
  return type === 'exec' ? text : `${type}: ${text}`;
}

/** The common properties of the jobs of a native reason. */
export function causeOf({ kind, type, note, varies, status }: NativeFailureReason): FailureCause {
  const ended = status === 0 ? { exitStatus: null, signal: null } : readStatus(status);
  const nothing = { exception: null, note: null, exitStatus: null, signal: null };
  switch (kinds[kind]) {
    case 'exception': {
      const reason = `${describeException(type, note)}${varies ? ' (and the like)' : ''}`;
      return { reason, exception: type, note, ...ended };
    }
    case 'status':
      return { reason: describeStatus(status), exception: null, note: null, ...ended };
    case 'canceled': {
      const by = type === '' ? '' : ` by user ${type}`;
      return {
        ...nothing,
        reason: `canceled${by}${note === '' ? '' : `: ${note}`}`,
        exception: 'cancel',
        note,
      };
    }
    case 'more':
      return { reason: 'other reasons', ...nothing };
    default:
      return { reason: 'ended without an exit status', ...nothing };
  }
}

/** The end of a job as the columns of a log have it: the type and note of its exception, empty without one. */
export interface JobEnd {
  readonly type: string;
  readonly note: string;
  /** A wait(2) status; negative when it is unknown. */
  readonly status: number;
  /** Notes of other jobs differ in numbers, ids, hosts or paths. */
  readonly varies: boolean;
}

/** The cause of the failure of a job that ended so. */
export function causeOfEnd({ type, note, status, varies }: JobEnd): FailureCause {
  const known = Math.max(0, status);
  const kind = type !== '' ? 'exception' : known > 0 ? 'status' : 'unknown';
  const none = { count: 0, waiting: 0, jobs: new BigUint64Array() };
  return causeOf({ kind: kinds.indexOf(kind), type, note, varies, status: known, ...none });
}

/** Whether the jobs were canceled from outside of the run: they have not failed. */
export function isCancel({ kind }: NativeFailureReason): boolean {
  return kinds[kind] === 'canceled';
}

/** A text without the parts that differ between jobs, as a key. */
export function keyOfLine(line: string): string {
  return line.replace(/\S*\d\S*|\S*\/\S*/g, '#');
}

/** Whether a line on standard error only repeats the reason, as launchers write it there. */
export function repeats(line: string, { note }: FailureCause): boolean {
  const text = line.replace(/^(?:ensemble|flux-shell\[\d+\]): *(?:FATAL: |ERROR: )?/, '');
  return note?.includes(text) === true || (note !== null && note !== '' && text.includes(note));
}
