/** Describes when a rule is due. */

import type { Rule } from '../model/ensemble.js';
import { BY_PARAMETER } from '../model/metric-names.js';
import { formatDuration } from '../text/duration.js';
import { choices } from '../text/suggest.js';
import { triggerKindOf } from './triggers/catalog.js';

/** When a rule is due, on one line: `count.sleep.success >= 3 for 5m in explore`. */
export function describeDue(rule: Rule): string {
  const { trigger, when, cooldown } = rule;
  const parts = [triggerOf(rule)];
  if (when !== null && trigger.kind !== 'metric') parts.push(`when ${when.text}`);
  if (rule.by !== null) parts.push(`for each ${BY_PARAMETER}${rule.by}`);
  if (rule.for !== null) parts.push(`for ${formatDuration(rule.for)}`);
  if (rule.in.length > 0) parts.push(`in ${choices(rule.in)}`);
  if (cooldown !== null) parts.push(`at most every ${formatDuration(cooldown)}`);
  return parts.join(' ');
}

/** The trigger with its own condition: `count.sleep.success >= 3`. */
export function triggerOf(rule: Rule): string {
  return triggerKindOf(rule.trigger).words.due(rule.trigger, rule);
}
