/** The rules that a run waits for: those that come nearest to firing. */

import type { Clause } from '../../language/clauses.js';
import type { RuleNow } from '../../run/rules-now.js';
import { escapeControls } from '../../text/describe.js';
import { duration } from '../../text/duration.js';
import { show } from '../../text/show.js';

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

function present({ values }: Clause): string {
  const entries = Object.entries(values);
  const words = (value: number | null) => (value === null ? 'unknown' : show(value));
  const [first, ...others] = entries;
  if (first === undefined) return '';
  if (others.length === 0) return `: ${words(first[1])} now`;
  return `: ${entries.map(([name, value]) => `${name} ${words(value)}`).join(', ')} now`;
}

function waitOf({ report, phase, clauses, next, repetitionsLeft, ended }: RuleNow, now: number): Wait[] {
  if (ended || repetitionsLeft === 0) return [];
  const rule = `rule ${report.rule}`;
  const soon = next === null ? '' : duration(Math.max(0, next - now));
  if (phase === 'pending') return [{ line: `${rule} holds, and fires in ${soon} if it lasts`, near: 1 }];
  if (phase === 'held-back') {
    const until = next === null ? '' : ` for ${soon}`;
    return [{ line: `${rule} is held back${until}: ${report.due}`, near: 0.9 }];
  }
  const open = clauses.filter(({ holds }) => holds === false);
  const [first] = open;
  if (first !== undefined) {
    const more = open.length > 1 ? `, and ${open.length - 1} more` : '';
    const line = `${rule} waits for ${first.text}${present(first)}${more}`;
    return [{ line, near: Math.min(...open.map(nearness)) }];
  }
  return next === null ? [] : [{ line: `${rule} is due in ${soon}`, near: 0 }];
}

/** Returns a line for each of the rules that are nearest to firing, at most `limit`. `now` is in seconds since the epoch. */
export function waitLines(rules: readonly RuleNow[], now: number, limit: number): string[] {
  const waits = rules.flatMap((rule) => waitOf(rule, now));
  // Equally near rules stay in the order of the file.
  const nearest = waits.map((wait, i) => ({ ...wait, i })).sort((a, b) => b.near - a.near || a.i - b.i);
  return nearest.slice(0, limit).map(({ line }) => escapeControls(line));
}
