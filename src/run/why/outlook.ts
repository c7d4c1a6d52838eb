/** When a rule of a kept run could fire next, in words. */

import { triggerKindOf } from '../../language/triggers/catalog.js';
import type { Rule } from '../../model/ensemble.js';
import { countedTimes } from '../../text/counted.js';
import { choices } from '../../text/suggest.js';
import type { RuleNow } from '../rules-now.js';

/** Words for a time, in seconds since the epoch. */
export type TimeWords = (seconds: number) => string;

/** The occasions of a rule: `when count.a.success changes`, `at a job-fail event of a`. */
function occasionOf(rule: Rule, { clauses, next }: RuleNow, time: TimeWords): string {
  const { trigger } = rule;
  switch (trigger.kind) {
    case 'metric': {
      const names = [...new Set(clauses.flatMap(({ values }) => Object.keys(values)))];
      return names.length === 0 ? 'when one of its metrics changes' : `when ${choices(names)} changes`;
    }
    case 'start':
      return 'at the start of the run only';
    case 'job': {
      const words = triggerKindOf(trigger).words.due(trigger, rule);
      return `at the next ${words.replace(rule.triggerText, `${rule.triggerText} event`)}`;
    }
    case 'state':
      return `when the ensemble enters the state ${trigger.state}`;
    case 'heartbeat':
      return 'at the next heartbeat';
    case 'limit':
      return `when ${trigger.limit === null ? 'a limit' : `the limit ${trigger.limit}`} is reached`;
    case 'group-done':
      return `when the group ${trigger.group} has nothing left to do`;
    case 'end':
      return 'at the end of the run';
    case 'interval':
    case 'cron':
      return next === null ? 'at no time that is known' : `at ${time(next)}`;
  }
}

/** When the rule could fire next, one part a line. */
export function outlookOf(rule: Rule, reason: RuleNow, time: TimeWords): string[] {
  const { ended, repetitionsLeft, backoffLeft, since, ready, next, state } = reason;
  if (ended) return ['never: the run has ended'];
  if (repetitionsLeft === 0)
    return [`never: it has fired ${countedTimes(rule.action.repetitions)}, its repetitions`];
  const { kind } = rule.trigger;
  const lines: string[] = [];
  if (since !== null && next !== null)
    lines.push(`at ${time(next)}, if it lasts until then (since ${time(since)})`);
  else lines.push(occasionOf(rule, reason, time));
  if (rule.in.length > 0 && state !== null && !rule.in.includes(state)) {
    lines.push(`only in the state ${choices(rule.in)}; the ensemble is in ${state}`);
  }
  if (ready !== null) {
    const again = kind === 'metric' && next === ready ? ', when it is evaluated again' : '';
    lines.push(`not before ${time(ready)}, the end of its cooldown${again}`);
  }
  if (backoffLeft > 0)
    lines.push(`not at the next ${countedTimes(backoffLeft).replace(/^once$/, 'time')}, its backoff`);
  return lines;
}
