/** The rules of the run itself by which the engine reports to its searches. */

import { compileReport, type RuleNames } from '../../engine/plan/compile.js';
import type { PlanRule } from '../../engine/plan/plan.js';
import type { EnsembleConfig, JobGroup } from '../../model/ensemble.js';
import { tellAnything } from '../../model/tells.js';

/** Events of jobs. A job that exceeded its time has `timeout` before `fail`. */
const ENDS = ['success', 'timeout', 'fail', 'cancel'] as const;
export type SearchEvent = (typeof ENDS)[number] | 'start' | 'tell' | 'exception';

/** A rule of a search: on an event of the group's jobs, or on the condition that ends it. */
export interface SearchRule {
  readonly group: string;
  readonly on: SearchEvent | 'until';
}

function rulesOf({ name: group, ask, tells, retry }: JobGroup): SearchRule[] {
  if (ask === null) return [];
  const events: readonly SearchRule['on'][] = [
    ...(ask.objective === 'duration' ? (['start'] as const) : []),
    ...(tellAnything(tells) ? (['tell'] as const) : []),
    // The type of the gravest one says whether a job is submitted again.
    ...(retry !== null && retry.exceptions.length > 0 ? (['exception'] as const) : []),
    ...ENDS,
    ...(ask.until === null ? [] : (['until'] as const)),
  ];
  return events.map((on) => ({ group, on }));
}

/** The rules of all searches, in the order of the groups. */
export function searchRulesOf(groups: EnsembleConfig['groups']): SearchRule[] {
  return [...groups.values()].flatMap(rulesOf);
}

/** A rule for the plan. The best objective of the group becomes one of its metrics. */
export function compileSearchRule(
  { group, on }: SearchRule,
  groups: EnsembleConfig['groups'],
  names: RuleNames,
): PlanRule {
  const { objective = '', until = null } = groups.get(group)?.ask ?? {};
  names.metrics.indexOf({ kind: 'best', group, variable: objective }, false);
  return on === 'until'
    ? compileReport({ kind: 'metric' }, until?.steps ?? [], names)
    : compileReport({ kind: 'job', event: on, group }, null, names);
}
