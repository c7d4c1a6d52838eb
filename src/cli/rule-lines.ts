/** Reports rules that never fired, and rules whose firings were prevented. */

import type { RuleReport } from '../model/rule-report.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { flow } from '../text/width.js';

/** Maximum rules in a list. */
const MAX_LIST = 24;

function* listLines(
  title: string,
  reports: readonly RuleReport[],
  width: number,
  indent: string,
): Generator<string> {
  if (reports.length === 0) return;
  yield `${indent}${title}:`;
  for (const { due, algorithm, why } of reports.slice(0, MAX_LIST)) {
    const of = algorithm === null ? '' : ` (${algorithm})`;
    const [first = '', ...words] = escapeControls(`${due}${of}: ${why}`).split(' ');
    yield* flow([`${indent}  ${first}`, ...words], ' ', width, `${indent}    `);
  }
  const more = reports.length - MAX_LIST;
  if (more > 0) yield `${indent}  ... and ${more} more, which --json has`;
}

export interface RuleLinesOptions {
  readonly width: number;
  readonly indent?: string;
  /** The scope of the firings, like ` in these tests`. */
  readonly where?: string;
}

/**
 * Returns the rules that never fired, each with its condition, its last value, and the reason; empty without such
 * rules.
 */
export function neverFiredLines(
  reports: readonly RuleReport[],
  { width, indent = '', where = '' }: RuleLinesOptions,
): Iterable<string> {
  const never = reports.filter(({ firings }) => firings === 0);
  return listLines(`${counted(never.length, 'rule')} never fired${where}`, never, width, indent);
}

/** Returns the rules that fired less often than they were triggered. */
export function heldBackLines(
  reports: readonly RuleReport[],
  { width, indent = '', where = '' }: RuleLinesOptions,
): Iterable<string> {
  const held = reports.filter(({ firings, why }) => firings > 0 && why !== '');
  const were = held.length === 1 ? 'was' : 'were';
  return listLines(`${counted(held.length, 'rule')} ${were} held back${where}`, held, width, indent);
}
