/** Rules as they stand. */

import { z } from 'zod';
import { RULE_PHASES } from '../../model/rule-report.js';
import { component, count, time, values } from './common.js';

export const conditionSchema = component(
  'Condition',
  'A part of the condition of a rule. All parts must hold.',
  z.object({
    text: z.string(),
    holds: z
      .boolean()
      .nullable()
      .meta({ description: 'Null where it depends on an unknown value or an event.' }),
    values: values.meta({ description: 'Present values of its metrics.' }),
    bound: z
      .object({
        metric: z.string(),
        comparison: z.enum(['<', '<=', '>', '>=', '==', '!=']),
        threshold: z.number(),
      })
      .nullable()
      .meta({ description: 'The number that a metric is compared with; null for another condition.' }),
  }),
);

export const ruleSchema = component(
  'Rule',
  'A rule as it stands.',
  z.object({
    rule: z
      .int()
      .meta({ description: 'Its index; rules that were added later come after those of the file.' }),
    name: z.string(),
    algorithm: z.string().nullable().meta({ description: 'The algorithm (`use:`) of the rule, or null.' }),
    due: z.string().meta({ description: 'When it is due, in words.' }),
    state: z.enum(RULE_PHASES).meta({
      description:
        'pending: its condition holds, but not yet for the duration of `for`. held-back: its backoff or cooldown keeps ' +
        'it from firing. firing: its condition holds. exhausted: it has fired as often as it may.',
    }),
    why: z
      .string()
      .meta({ description: 'Why it never fired, or what prevented more firings; may be empty.' }),
    in: z.array(z.string()).meta({ description: 'The states in which it is judged; empty for all.' }),
    conditions: z.array(conditionSchema),
    firings: count,
    repetitionsLeft: count,
    backoffLeft: count.meta({ description: 'How often it is skipped when it is due.' }),
    pendingSince: time.nullable().meta({ description: 'Since when its condition or state lasts.' }),
    heldUntil: time.nullable().meta({ description: 'The end of its cooldown.' }),
    next: time.nullable().meta({ description: 'When time alone evaluates it next.' }),
    came: count.meta({ description: 'How often its trigger occurred.' }),
    heldBack: z
      .object({
        repetitions: count,
        backoff: count,
        cooldown: count,
        for: count,
        state: count,
        end: count,
      })
      .meta({ description: 'How often it did not fire although its trigger occurred, by reason.' }),
  }),
);
export type RuleResource = z.infer<typeof ruleSchema>;

export const rulesSchema = z.object({ rules: z.array(ruleSchema) });
