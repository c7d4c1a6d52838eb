/** The outcome of a rule in words: why it never fired, or what held it back. */

import { triggerKindOf } from '../language/triggers/catalog.js';
import type { Rule } from '../model/ensemble.js';
import type { WordlessReport } from '../model/rule-report.js';
import { counted, countedTimes } from '../text/counted.js';
import { formatDuration } from '../text/duration.js';
import { show } from '../text/show.js';
import { choices } from '../text/suggest.js';

/** A number of the rule's occasions: `3 job-fail events`. */
function awaited({ trigger, triggerText }: Rule, count: number): string {
  return triggerKindOf(trigger).words.came(count, triggerText);
}

const lastingOf = (rule: Rule) => formatDuration(rule.for ?? 0);
const outsideOf = (rule: Rule) => `the ensemble was not in ${choices(rule.in)}`;

/** The metrics of the condition: `it was 63`, or each by its name; empty without metrics. */
function valuesText({ values }: WordlessReport): string {
  const [first, ...others] = Object.entries(values);
  if (first === undefined) return '';
  if (others.length === 0) return first[1] === null ? 'it had no value' : `it was ${show(first[1])}`;
  return [first, ...others]
    .map(([name, value]) => `${name} ${value === null ? 'had no value' : `was ${show(value)}`}`)
    .join(', ');
}

/** How many values of its parameter have come; empty for a rule without one. */
function divisionText({ by }: WordlessReport): string {
  return by === null ? '' : `there are ${counted(by.values.length, 'value')} of ${by.parameter}`;
}

/** Why a rule never fired. */
function whyNever(rule: Rule, report: WordlessReport): string {
  const { came, heldBack, state } = report;
  if (rule.action.repetitions === 0) return 'repetitions: 0 lets it never fire';
  const { kind } = rule.trigger;
  if (kind !== 'metric' && came === 0) {
    return triggerKindOf(rule.trigger).words.nothingCame(rule.trigger, rule);
  }
  if (kind === 'start') return outsideOf(rule);
  if (kind === 'state' && rule.for !== null) return `it lasted for less than ${lastingOf(rule)}`;
  const reasons = [];
  if (state === 'pending') {
    reasons.push(`pending, its condition did not hold for ${lastingOf(rule)} yet`);
  } else if (heldBack.for > 0) {
    reasons.push(`its condition held ${countedTimes(heldBack.for)}, but not for ${lastingOf(rule)}`);
  }
  if (heldBack.state > 0 && heldBack.state >= came) reasons.push(outsideOf(rule));
  else if (kind !== 'metric') reasons.push(`${awaited(rule, came)} came, its condition held at none`);
  return [...reasons, divisionText(report), valuesText(report)].filter((text) => text !== '').join('; ');
}

/** The reasons why a rule did not fire more often. */
function whatHeldBack(rule: Rule, { heldBack, state }: WordlessReport): string[] {
  const { repetitions, backoff } = rule.action;
  const isMetric = rule.trigger.kind === 'metric';
  const times = (count: number) => `held back ${countedTimes(count)} by`;
  const reasons: string[] = [];
  // The rule would not have fired with a condition that has ceased to hold.
  if (heldBack.repetitions > 0 && (!isMetric || state === 'firing')) {
    reasons.push(
      `${awaited(rule, heldBack.repetitions)} came later, held back by repetitions: ${repetitions}`,
    );
  }
  if (heldBack.backoff > 0) reasons.push(`${times(heldBack.backoff)} backoff: ${backoff}`);
  if (heldBack.cooldown > 0) {
    reasons.push(`${times(heldBack.cooldown)} cooldown: ${formatDuration(rule.cooldown ?? 0)}`);
  }
  // Rules on metrics are evaluated too often for this number to be useful.
  if (heldBack.state > 0 && !isMetric) {
    reasons.push(`held back ${countedTimes(heldBack.state)} as ${outsideOf(rule)}`);
  }
  if (heldBack.end > 0) {
    reasons.push(`the run ended before ${counted(heldBack.end, 'action')} began`);
  }
  return reasons;
}

/** Why the rule never fired; or how often it fired, and what prevented more. Empty where nothing prevented it. */
export function whyOf(rule: Rule, report: WordlessReport): string {
  if (report.firings === 0) return whyNever(rule, report);
  const reasons = whatHeldBack(rule, report);
  return reasons.length === 0 ? '' : [`fired ${countedTimes(report.firings)}`, ...reasons].join('; ');
}
