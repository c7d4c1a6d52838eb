/** Converts the state of a run into messages. */

import type { EnsembleError } from '../../errors.js';
import type { GroupFailures } from '../../model/failure.js';
import type { Firing } from '../../model/firing.js';
import { formatJobId } from '../../model/job-id.js';
import type {
  EngineStatus,
  GroupMetrics,
  GroupStates,
  StreamState,
  SummaryValues,
} from '../../model/metrics.js';
import { groupFailures } from '../../report/failure-json.js';
import type { RuleNow } from '../../run/rules-now.js';
import type {
  FailuresState,
  FiringMessage,
  GroupState,
  ProblemMessage,
  RuleState,
  StatisticsState,
  Totals,
  ValueState,
} from '../ensembles/proto.js';

/** Reasons of failures of one group in a message. */
const MAX_REASONS = 50;

function statisticsOf(
  { count, ...statistics }: SummaryValues,
  state: StreamState | undefined,
): StatisticsState {
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(statistics)) if (value !== null) values[name] = value;
  if (state === undefined) {
    const { mean, variance, min, max } = statistics;
    const m2 = (variance ?? 0) * Math.max(0, count - 1);
    return { count, mean: mean ?? 0, m2, min: min ?? 0, max: max ?? 0, sketch: null, values };
  }
  const { squares: m2, sum, zeros, scale, first, buckets, ...moments } = state;
  return { ...moments, m2, sketch: { sum, zeros, scale, first, buckets: [...buckets] }, values };
}

/** `states` are the group's streams as they can be merged, where the run keeps them. */
export function groupMessage(name: string, group: GroupMetrics, states: GroupStates | undefined): GroupState {
  return {
    name,
    counts: group.count,
    exceptions: group.exceptions,
    duration: statisticsOf(group.duration, states?.duration),
    pending: statisticsOf(group.pending, states?.pending),
    probes: Object.fromEntries(
      Object.entries(group.probes ?? {}).map(([probe, values]) => [probe, statisticsOf(values, undefined)]),
    ),
  };
}

export function totalsMessage(status: EngineStatus): Totals {
  const { records, events, trackedEvents, firings, decodeErrors, lostJobs, activeJobs } = status;
  const { backlogOver, logLag } = status;
  return {
    ...{ records, events, trackedEvents, firings, decodeErrors, lostJobs, activeJobs },
    ...{ following: backlogOver, ...(logLag === null ? {} : { logLag }) },
  };
}

export function firingMessage(firing: Firing): FiringMessage {
  const { number, rule, name, trigger, action, label, timestamp, job, value, askedBy, resolved } = firing;
  return {
    number,
    rule,
    name,
    trigger,
    action,
    label: label ?? '',
    time: timestamp,
    job: job === null ? '' : formatJobId(job),
    ...(value === null ? {} : { value }),
    askedBy: askedBy ?? '',
    resolved,
  };
}

/** An optional field: left out where it is null. */
const given = <Name extends string, Value>(name: Name, value: Value | null) =>
  (value === null ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };

export function valueMessages(values: Iterable<readonly [string, number | null]>): ValueState[] {
  return [...values].map(([name, value]) => ({ name, ...given('value', value) }));
}

export function ruleMessage(now: RuleNow): RuleState {
  const { report, phase, clauses, since, ready, next } = now;
  const { rule, name, algorithm, due, why, firings, came, heldBack } = report;
  return {
    ...{ rule, name, algorithm: algorithm ?? '', due, state: phase, why, inStates: [...now.in] },
    conditions: clauses.map(({ text, holds, values, bound }) => {
      const { metric = '', comparison = '', threshold = 0 } = bound ?? {};
      const ofMetrics = valueMessages(Object.entries(values));
      return { text, ...given('holds', holds), values: ofMetrics, metric, comparison, threshold };
    }),
    ...{ firings, repetitionsLeft: now.repetitionsLeft, backoffLeft: now.backoffLeft, came },
    ...given('pendingSince', since),
    ...given('heldUntil', ready),
    ...given('next', next),
    heldBack: { ...heldBack },
  };
}

export function failuresMessage(group: string, failures: GroupFailures): FailuresState {
  const { reasons, ...counts } = groupFailures(failures);
  return {
    group,
    ...counts,
    reasons: reasons
      .slice(0, MAX_REASONS)
      .map(({ exception, note, exitStatus, signal, jobs, ...reason }) => ({
        ...reason,
        ...given('exception', exception),
        ...given('note', note),
        ...given('exitStatus', exitStatus),
        ...given('signal', signal),
        jobs: jobs.map((job) => JSON.stringify(job)),
      })),
  };
}

/** A problem of this moment. */
export function problemMessage({ code, message }: EnsembleError): ProblemMessage {
  return { time: Date.now() / 1000, code, message };
}
