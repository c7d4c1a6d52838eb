/** What a report says of rules: those that never fired, and those that something held back. */

import type { RuleReport } from '../model/rule-report.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { flow } from '../text/width.js';

/** Rules that a list shows at most. */
const LONGEST_LIST = 24;

function* listLines(
  title: string,
  reports: readonly RuleReport[],
  width: number,
  indent: string,
): Generator<string> {
  if (reports.length === 0) return;
  yield `${indent}${title}:`;
  for (const { due, algorithm, why } of reports.slice(0, LONGEST_LIST)) {
    const of = algorithm === null ? '' : ` (${algorithm})`;
    const [first = '', ...words] = escapeControls(`${due}${of}: ${why}`).split(' ');
    yield* flow([`${indent}  ${first}`, ...words], ' ', width, `${indent}    `);
  }
  const more = reports.length - LONGEST_LIST;
  if (more > 0) yield `${indent}  ... and ${more} more, which --json has`;
}

export interface RuleLinesOptions {
  readonly width: number;
  readonly indent?: string;
  /** In what they did not fire, like ` in these tests`. */
  readonly where?: string;
}

/** The rules that never fired, each with its condition, the value that it had, and why; nothing where all did. */
export function neverFiredLines(
  reports: readonly RuleReport[],
  { width, indent = '', where = '' }: RuleLinesOptions,
): Iterable<string> {
  const never = reports.filter(({ firings }) => firings === 0);
  return listLines(`${counted(never.length, 'rule')} never fired${where}`, never, width, indent);
}

/** The rules that fired, but less often than they were due. */
export function heldBackLines(
  reports: readonly RuleReport[],
  { width, indent = '', where = '' }: RuleLinesOptions,
): Iterable<string> {
  const held = reports.filter(({ firings, why }) => firings > 0 && why !== '');
  const were = held.length === 1 ? 'was' : 'were';
  return listLines(`${counted(held.length, 'rule')} ${were} held back${where}`, held, width, indent);
}
