/** One job's way through the states of RFC 21, and its result. */

import type { PlanRetry } from '../../src/engine/plan/plan.js';
import { isObject, type ReferenceEvent } from './journal.js';

export type State = 'NEW' | 'DEPEND' | 'PRIORITY' | 'SCHED' | 'RUN' | 'CLEANUP' | 'INACTIVE';

/** Moves a job on from its current state. Recordings have gaps, so a later step may come first. */
const begins = { alloc: 'RUN', start: 'RUN', finish: 'CLEANUP' } as const;

const next: Readonly<Record<State, Readonly<Record<string, State>>>> = {
  NEW: { ...begins, validate: 'DEPEND', depend: 'PRIORITY', priority: 'SCHED' },
  DEPEND: { ...begins, depend: 'PRIORITY', priority: 'SCHED' },
  PRIORITY: { ...begins, priority: 'SCHED' },
  SCHED: { ...begins, urgency: 'PRIORITY', 'jobspec-update': 'PRIORITY', 'flux-restart': 'PRIORITY' },
  RUN: { finish: 'CLEANUP' },
  CLEANUP: {},
  INACTIVE: {},
};

export interface Job {
  readonly group: number;
  state: State;
  submit: number | null;
  start: number | null;
  /** The wait status, of which only 16 bits are used, and its time; null before the finish. */
  finish: { readonly status: number; readonly time: number } | null;
  /** Counted as submitted: the job manager has accepted it. */
  counted: boolean;
  /** Its result is known and counted. */
  settled: boolean;
  /** An exception of severity 0 was raised. */
  fatal: boolean;
  gravest: { readonly severity: number; readonly type: string } | null;
  /**
   * The index of its entry in the group, and its earlier attempts; null for a job that can't be submitted
   * again.
   */
  readonly origin: { readonly entry: number; readonly attempt: number } | null;
}

export type Outcome = 'success' | 'failed' | 'canceled' | 'timeout';

export function newJob(group: number, jobspec: unknown): Job {
  const origin = originOf(jobspec);
  return {
    group,
    state: 'NEW',
    submit: null,
    start: null,
    finish: null,
    counted: false,
    settled: false,
    fatal: false,
    gravest: null,
    origin,
  };
}

function originOf(jobspec: unknown): Job['origin'] {
  const attributes = isObject(jobspec) ? jobspec.attributes : null;
  const user = isObject(attributes) ? attributes.user : null;
  const origin = isObject(user) ? user.origin : null;
  if (!isObject(origin)) return null;
  const count = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 ? (value as number) : null;
  const entry = count(origin.entry);
  return entry === null ? null : { entry, attempt: count(origin.attempt) ?? 0 };
}

/** Seconds until a job with this result is submitted again; null when it is not. */
export function retryAfter(job: Job, outcome: Outcome, retry: PlanRetry | null): number | null {
  if (retry === null || job.origin === null || outcome === 'success') return null;
  const { attempt } = job.origin;
  if (attempt >= retry.times) return null;
  if (!retry[outcome] && !retry.exceptions.includes(job.gravest?.type ?? '')) return null;
  return Math.min(retry.initial * retry.factor ** attempt, retry.longest);
}

/** Events that may come after a job's submit and before the job manager has accepted or refused it. */
const beforeValidation: ReadonlySet<string> = new Set(
  'submit set-flags jobspec-update dependency-add dependency-remove memo annotations'.split(' '),
);
const known: ReadonlySet<string> = new Set(
  (
    'validate invalidate resource-update depend priority urgency alloc prolog-start prolog-finish start finish ' +
    'epilog-start epilog-finish release free clean exception flux-restart'
  ).split(' '),
);

/** Whether a job can still be refused after such an event. */
export function isBeforeValidation({ name }: ReferenceEvent): boolean {
  return beforeValidation.has(name) || !known.has(name);
}

export function isFatal(event: ReferenceEvent): boolean {
  return event.name === 'exception' && event.context?.severity === 0;
}

export function stateAfter(state: State, event: ReferenceEvent): State {
  if (event.name === 'clean') return 'INACTIVE';
  if (isFatal(event)) return state === 'INACTIVE' ? state : 'CLEANUP';
  return next[state][event.name] ?? state;
}

export function outcomeOf(job: Job, success: boolean): Outcome {
  if (success && !job.fatal) return 'success';
  if (job.gravest?.type === 'cancel') return 'canceled';
  return job.gravest?.type === 'timeout' ? 'timeout' : 'failed';
}

/** The name of the job's group, or null for a job that is not of this ensemble. */
export function groupOf(jobspec: unknown, ensemble: string): string | null {
  const attributes = isObject(jobspec) ? jobspec.attributes : null;
  const user = isObject(attributes) ? attributes.user : null;
  if (!isObject(user) || typeof user.group !== 'string' || user.group === '') return null;
  const foreign = ensemble !== '' && user.ensemble !== undefined && user.ensemble !== ensemble;
  return foreign ? null : user.group;
}
