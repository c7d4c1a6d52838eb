/** Converts the state of a run into messages. */

import type { Firing } from '../../model/firing.js';
import { formatJobId } from '../../model/job-id.js';
import type {
  EngineStatus,
  GroupMetrics,
  GroupStates,
  StreamState,
  SummaryValues,
} from '../../model/metrics.js';
import type { FiringMessage, GroupState, StatisticsState, Totals } from '../ensembles/proto.js';

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
  return { records, events, trackedEvents, firings, decodeErrors, lostJobs, activeJobs };
}

export function firingMessage(firing: Firing): FiringMessage {
  const { number, rule, name, trigger, action, label, timestamp, job, value, askedBy } = firing;
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
  };
}
