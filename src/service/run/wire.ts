/** What a run knows of itself, as messages. */

import type { EngineStatus } from '../../engine/addon.js';
import type { Firing } from '../../firing.js';
import { formatJobId } from '../../members/local/job-id.js';
import type { GroupMetrics, SummaryValues } from '../../metrics/metrics.js';
import type { FiringMessage, GroupState, StatisticsState, Totals } from '../ensembles/proto.js';

function statisticsOf({ count, ...statistics }: SummaryValues): StatisticsState {
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(statistics)) if (value !== null) values[name] = value;
  const { mean, variance, min, max } = statistics;
  return {
    count,
    mean: mean ?? 0,
    m2: (variance ?? 0) * Math.max(0, count - 1),
    min: min ?? 0,
    max: max ?? 0,
    sketch: Buffer.alloc(0),
    values,
  };
}

export function groupMessage(name: string, group: GroupMetrics): GroupState {
  return {
    name,
    counts: group.count,
    exceptions: group.exceptions,
    duration: statisticsOf(group.duration),
    pending: statisticsOf(group.pending),
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
