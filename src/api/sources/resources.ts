/** Makes resources of the state of a run. */

import type { EnsembleError } from '../../errors.js';
import type { GroupFailures } from '../../model/failure.js';
import type { Firing } from '../../model/firing.js';
import { formatJobId } from '../../model/job-id.js';
import { COUNTS, type Count } from '../../model/metric-names.js';
import type { GroupMetrics } from '../../model/metrics.js';
import { groupFailures } from '../../report/failure-json.js';
import type { RuleNow } from '../../run/rules-now.js';
import type { FailuresOfGroup } from '../schemas/failure.js';
import type { GroupResource } from '../schemas/group.js';
import type { FiringResource, ProblemResource } from '../schemas/happening.js';
import type { RuleResource } from '../schemas/rule.js';

/** The sums of the counts of groups. */
export function countsOf(groups: readonly Readonly<Record<Count, number>>[]): Record<Count, number> {
  const sum = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>;
  for (const counts of groups) for (const name of COUNTS) sum[name] += counts[name];
  return sum;
}

export function groupResource(
  name: string,
  { count, exceptions, duration, pending, probes = {} }: GroupMetrics,
): GroupResource {
  return { name, counts: count, exceptions, duration, pending, probes };
}

export function ruleResource(now: RuleNow): RuleResource {
  const { report, phase, clauses, repetitionsLeft, backoffLeft, since, ready, next } = now;
  const { rule, name, algorithm, due, why, firings, came, heldBack } = report;
  return {
    ...{ rule, name, algorithm, due, state: phase, why, in: [...now.in] },
    conditions: [...clauses],
    ...{ firings, repetitionsLeft, backoffLeft },
    ...{ pendingSince: since, heldUntil: ready, next, came, heldBack },
  };
}

export function firingResource(firing: Firing): FiringResource {
  const { number, rule, name, trigger, action, label, timestamp, job, value, askedBy, resolved } = firing;
  return {
    ...{ number, rule, name, trigger, action, label, time: timestamp },
    ...{ job: job === null ? null : formatJobId(job), value, askedBy, resolved },
  };
}

export function problemResource({ code, message }: EnsembleError): ProblemResource {
  return { time: Date.now() / 1000, code, message };
}

export function failuresResource(failures: ReadonlyMap<string, GroupFailures>): FailuresOfGroup[] {
  return [...failures].map(([group, ofGroup]) => ({ group, ...groupFailures(ofGroup) }));
}
