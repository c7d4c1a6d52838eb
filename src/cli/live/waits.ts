/** The rules that a run waits for: those that come nearest to firing. */

import type { Clause } from '../../language/clauses.js';
import type { RuleNow } from '../../run/rules-now.js';
import { escapeControls } from '../../text/describe.js';
import { duration } from '../../text/duration.js';
import { show } from '../../text/show.js';

/** A rule that may fire, as far as it is known. */
export interface WaitingRule extends Pick<RuleNow, 'next' | 'repetitionsLeft' | 'phase'> {
  readonly rule: number;
  readonly due: string;
  readonly conditions: readonly Clause[];
}

interface Wait {
  readonly line: string;
  /** How near the rule is, from 0 to 1. */
  readonly near: number;
}

/** How near a metric is to the number that it is compared with. */
function nearness({ values, bound }: Clause): number {
  const value = bound === null ? null : (values[bound.metric] ?? null);
  if (bound === null || value === null || bound.threshold === 0) return 0;
  const ratio = value / bound.threshold;
  return ratio > 1 ? 1 / ratio : Math.max(0, ratio);
}

/** `63 now`, `a 3, b unknown now`; empty for a condition without metrics. */
export function presentValues({ values }: Pick<Clause, 'values'>): string {
  const entries = Object.entries(values);
  const words = (value: number | null) => (value === null ? 'unknown' : show(value));
  const [first, ...others] = entries;
  if (first === undefined) return '';
  if (others.length === 0) return `${words(first[1])} now`;
  return `${entries.map(([name, value]) => `${name} ${words(value)}`).join(', ')} now`;
}

/** The event or the time that a rule waits for, in words that follow its name; null for a rule that waits for nothing. */
export function waitOf(
  { due, phase, conditions, next, repetitionsLeft }: WaitingRule,
  now: number,
): Wait | null {
  if (repetitionsLeft === 0) return null;
  const soon = next === null ? '' : duration(Math.max(0, next - now));
  if (phase === 'pending') return { line: `holds, and fires in ${soon} if it lasts`, near: 1 };
  if (phase === 'held-back') {
    const until = next === null ? '' : ` for ${soon}`;
    return { line: `is held back${until}: ${due}`, near: 0.9 };
  }
  const open = conditions.filter(({ holds }) => holds === false);
  const [first] = open;
  if (first !== undefined) {
    const more = open.length > 1 ? `, and ${open.length - 1} more` : '';
    const present = presentValues(first);
    const values = present === '' ? '' : `: ${present}`;
    return { line: `waits for ${first.text}${values}${more}`, near: Math.min(...open.map(nearness)) };
  }
  return next === null ? null : { line: `is due in ${soon}`, near: 0 };
}

function waitingRule({ report, phase, clauses, next, repetitionsLeft }: RuleNow): WaitingRule {
  return { rule: report.rule, due: report.due, phase, conditions: clauses, next, repetitionsLeft };
}

/** Returns a line for each of the rules that are nearest to firing, at most `limit`. `now` is in seconds since the epoch. */
export function nearestWaits(rules: readonly WaitingRule[], now: number, limit: number): string[] {
  const waits = rules.flatMap((rule) => {
    const wait = waitOf(rule, now);
    return wait === null ? [] : [{ ...wait, line: `rule ${rule.rule} ${wait.line}` }];
  });
  // Equally near rules stay in the order of the file.
  const nearest = waits.map((wait, i) => ({ ...wait, i })).sort((a, b) => b.near - a.near || a.i - b.i);
  return nearest.slice(0, limit).map(({ line }) => escapeControls(line));
}

/** The same for rules of a run in this process; those of an ended run wait for nothing. */
export function waitLines(rules: readonly RuleNow[], now: number, limit: number): string[] {
  return nearestWaits(rules.filter(({ ended }) => !ended).map(waitingRule), now, limit);
}
