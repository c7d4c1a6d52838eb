/** Firings of a run that was kept, in words and numbers. */

import type { NativeFiring } from '../../engine/addon.js';
import { MetricValues } from '../../engine/rule-report.js';
import { describeDue } from '../../language/rule-text.js';
import type { ReplayedRun } from './replayed.js';

export interface FiringFacts {
  readonly number: number;
  /** Index of the rule, and its title. */
  readonly rule: number;
  readonly name: string;
  /** When the rule is due, in words. */
  readonly due: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** The condition does not hold any more: the action was that of `resolve`. */
  readonly resolved: boolean;
  /** The event that made it due, with its job; null where no event of a job did. */
  readonly event: string | null;
  readonly job: bigint | null;
  readonly group: string | null;
  /** The state in which it fired, and the state that it led to. */
  readonly state: string | null;
  readonly goto: string | null;
  /** Values of the metrics of its condition; only the first one where the others are unknown. */
  readonly values: Readonly<Record<string, number | null>>;
}

/** The facts of a firing. */
export function firingFacts(native: NativeFiring, run: ReplayedRun): FiringFacts {
  const rule = run.rules[native.rule] ?? null;
  const { states } = run.config;
  return {
    number: native.number,
    rule: native.rule,
    name: rule?.title ?? '',
    due: rule === null ? '' : describeDue(rule),
    time: native.timestamp,
    resolved: native.resolved,
    event: native.event,
    job: native.job,
    group: run.groups[native.group] ?? null,
    state: states[native.state] ?? null,
    goto: states[native.goto] ?? null,
    values: rule === null ? {} : valuesOf(native, run),
  };
}

function valuesOf({ rule: index, snapshot, value }: NativeFiring, run: ReplayedRun): FiringFacts['values'] {
  const rule = run.rules[index] ?? null;
  if (rule === null || rule.when === null) return {};
  if (snapshot !== null) return new MetricValues(run.metrics, snapshot.metrics).of(rule);
  const [first] = Object.keys(new MetricValues([], new Float64Array()).of(rule));
  return first === undefined || value === null ? {} : { [first]: value };
}
