/** A request to perform an action: by a rule that fired, or from outside of the run. */

import type { SubmitReport } from '../engine/addon.js';
import type { Action, ActionReport } from '../model/action.js';
import type { EndedBy } from '../model/ended-by.js';
import type { Rule } from '../model/ensemble.js';
import type { Firing, FiringEvent, FiringValue } from '../model/firing.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { ActionProgress } from './progress.js';

/** A rule that fired. */
export interface RuleOrigin {
  readonly kind: 'rule';
  readonly rule: Rule;
  readonly firing: Firing;
  /** The code of the user that returned the action, in words; null for the action of the rule itself. */
  readonly code: string | null;
}

/** A person or a program outside of the run. */
export interface ExternalOrigin {
  readonly kind: 'external';
  readonly askedBy: string;
}

/** An action to perform. */
export interface ActionRequest<A extends Action = Action> {
  readonly action: A;
  readonly origin: RuleOrigin | ExternalOrigin;
  /** Number of the firing, or of the external request. */
  readonly number: number;
  /** Null where no event of a job made the rule due. */
  readonly event: FiringEvent | null;
  /** The value of a parameter for which the rule fired; null for other rules. */
  readonly by: FiringValue | null;
  /** The state in which the rule was judged; null without one. */
  readonly state: string | null;
  /** The metrics as they were when the rule fired; null where the firing carries none. */
  readonly metrics: MetricsSnapshot | null;
  /** The result of a submission that the engine's source makes by itself; null where JavaScript submits. */
  readonly submission: Promise<SubmitReport> | null;
  /** The parts that were done before, and notes of those that are done now. */
  readonly progress: ActionProgress;
  /** Called where limits hold back jobs of the action: the actions after it do not wait for them. */
  held(): void;
  /** Reports what the action does or has done. */
  report(report: ActionReport): void;
}

/** A request of a rule. */
export interface RuleRequest<A extends Action = Action> extends ActionRequest<A> {
  readonly origin: RuleOrigin;
}

/** Index of the rule, -1 for an external request: for errors and jobs. */
export function ruleIndex({ origin }: ActionRequest): number {
  return origin.kind === 'rule' ? origin.firing.rule : -1;
}

/** The origin in words, to begin a message: `rule 'next' (rules[1])`. */
export function describeOrigin({ origin }: ActionRequest): string {
  if (origin.kind === 'external') return `asked by ${origin.askedBy}`;
  return `rule '${origin.rule.title}' (rules[${origin.firing.rule}])`;
}

/** The code of the user as the cause of the run's end. */
export function endedByCode({ rule, firing }: RuleOrigin, code: string): EndedBy {
  return { kind: 'code', rule: firing.rule, name: rule.title, code };
}

/** The cause of the run's end, when this request ends it. */
export function endedBy({ origin }: ActionRequest): EndedBy {
  if (origin.kind === 'external') return { kind: 'request', askedBy: origin.askedBy };
  if (origin.code !== null) return endedByCode(origin, origin.code);
  return { kind: 'rule', rule: origin.firing.rule, name: origin.rule.title };
}
