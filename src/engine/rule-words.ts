/** What became of a rule, in words: why it never fired, or what held it back. */

import type { Rule } from '../model/ensemble.js';
import type { WordlessReport } from '../model/rule-report.js';
import { counted, countedTimes } from '../text/counted.js';
import { formatDuration } from '../text/duration.js';
import { show } from '../text/show.js';
import { choices } from '../text/suggest.js';

/** So many of what the rule waits for: `3 job-fail events`. */
function awaited({ trigger, triggerText }: Rule, count: number): string {
  switch (trigger.kind) {
    case 'job':
      return counted(count, `${triggerText} event`);
    case 'metric':
      return counted(count, 'change of its metrics', 'changes of its metrics');
    case 'state':
      return counted(count, 'entry into it', 'entries into it');
    case 'heartbeat':
      return counted(count, 'heartbeat');
    default:
      return counted(count, 'time');
  }
}

const lastingOf = (rule: Rule) => formatDuration(rule.for ?? 0);
const outsideOf = (rule: Rule) => `the ensemble was not in ${choices(rule.in)}`;

/** The metrics of the condition: `it was 63`, or each by its name; nothing where it has none. */
function valuesText({ values }: WordlessReport): string {
  const [first, ...others] = Object.entries(values);
  if (first === undefined) return '';
  if (others.length === 0) return first[1] === null ? 'it had no value' : `it was ${show(first[1])}`;
  return [first, ...others]
    .map(([name, value]) => `${name} ${value === null ? 'had no value' : `was ${show(value)}`}`)
    .join(', ');
}

function whyNothingCame({ trigger, in: states }: Rule): string {
  switch (trigger.kind) {
    case 'job':
      return trigger.event === 'stalled' ? 'no job stalled' : 'no such event came';
    case 'state':
      return 'the ensemble was never in it';
    case 'heartbeat':
      return 'no heartbeat came';
    case 'start':
      return states.length > 0 ? 'the ensemble began in another state' : 'the run did not begin';
    default:
      return 'the run ended before';
  }
}

/** Why a rule that never fired did not. */
function whyNever(rule: Rule, report: WordlessReport): string {
  const { came, heldBack, state } = report;
  if (rule.action.repetitions === 0) return 'repetitions: 0 lets it never fire';
  const { kind } = rule.trigger;
  if (kind !== 'metric' && came === 0) return whyNothingCame(rule);
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
  return [...reasons, valuesText(report)].filter((text) => text !== '').join('; ');
}

/** What held a rule back that would have fired more often. */
function whatHeldBack(rule: Rule, { heldBack, state }: WordlessReport): string[] {
  const { repetitions, backoff } = rule.action;
  const isMetric = rule.trigger.kind === 'metric';
  const times = (count: number) => `held back ${countedTimes(count)} by`;
  const reasons: string[] = [];
  // A condition that has ceased to hold would not have made it fire.
  if (heldBack.repetitions > 0 && (!isMetric || state === 'firing')) {
    reasons.push(
      `${awaited(rule, heldBack.repetitions)} came later, held back by repetitions: ${repetitions}`,
    );
  }
  if (heldBack.backoff > 0) reasons.push(`${times(heldBack.backoff)} backoff: ${backoff}`);
  if (heldBack.cooldown > 0) {
    reasons.push(`${times(heldBack.cooldown)} cooldown: ${formatDuration(rule.cooldown ?? 0)}`);
  }
  // Rules on metrics are looked at so often that this says nothing.
  if (heldBack.state > 0 && !isMetric) {
    reasons.push(`held back ${countedTimes(heldBack.state)} as ${outsideOf(rule)}`);
  }
  if (heldBack.end > 0) {
    reasons.push(`the run ended before ${counted(heldBack.end, 'action')} began`);
  }
  return reasons;
}

/** Why the rule never fired or, if it did, how often and what held it back from more; empty where nothing did. */
export function whyOf(rule: Rule, report: WordlessReport): string {
  if (report.firings === 0) return whyNever(rule, report);
  const reasons = whatHeldBack(rule, report);
  return reasons.length === 0 ? '' : [`fired ${countedTimes(report.firings)}`, ...reasons].join('; ');
}
