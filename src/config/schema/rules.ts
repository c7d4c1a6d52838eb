/** The shape of a rule: the keys that all rules have, and those of the triggers in the catalog. */

import { z } from 'zod';
import { described, duration, text } from '../../language/shapes.js';
import { TRIGGERS, triggerKinds } from '../../language/triggers/catalog.js';
import type { TriggerDefinition } from '../../language/triggers/define.js';
import { choices } from '../../text/suggest.js';
import { type ActionShape, actionSchema } from './actions.js';

const kinds = Object.values(triggerKinds) as readonly TriggerDefinition[];
const descriptions = Object.fromEntries(TRIGGERS.map(({ name, description }) => [name, description]));

const ownKeys = kinds.flatMap(({ keys }) =>
  Object.entries(keys).map(([key, { shape, description }]) => [key, shape.nullish().describe(description)]),
);

/** `the metric (metric), the state (state) or a title`. */
const meanings = choices([
  ...kinds.flatMap(({ name, namePhrase }) => (namePhrase === null ? [] : [`${namePhrase} (${name})`])),
  'a title',
]);

/** Keys of every rule. */
const common = {
  name: text()
    .nullish()
    .describe(`${meanings.charAt(0).toUpperCase()}${meanings.slice(1)}.`),
  when: z
    .union([text(), z.number()], { error: 'must be a condition, like 5 or "> 5"' })
    .nullish()
    .describe(
      'The condition: for the metric `name` a number, or one of < <= > >= == != and a number; or a whole ' +
        'expression, like mean.sleep-duration > 30s and count.sleep.failed < 3.',
    ),
  for: duration()
    .nullish()
    .describe('How long the condition (metric) or the state (state) must have lasted.'),
  cooldown: duration().nullish().describe('The shortest time between two firings of the rule.'),
  by: text()
    .nullish()
    .describe(
      'A parameter of the jobs, like `parameters.T`: there is a rule for each of its values, with repetitions, a condition ' +
        'and a cooldown of its own.',
    ),
  in: z
    .union([text(), z.array(text()).min(1)], {
      error: 'must be the name of a state, or a list of states',
    })
    .nullish()
    .describe('The states in which the rule is evaluated; all when absent.'),
};

/** The keys that every rule has, as they are written. */
export type CommonRuleInput = z.input<z.ZodObject<typeof common>>;

export const ruleSchema = z
  .strictObject(
    {
      trigger: described(
        descriptions,
        `must be ${choices(kinds.map(({ kind, name }) => (kind === 'job' ? 'job-<event>' : name)))}`,
      ).describe('The trigger of the rule.'),
      ...common,
      ...Object.fromEntries(ownKeys),
      action: actionSchema,
      resolve: actionSchema
        .nullish()
        .describe('The action when the condition (metric), for which the rule has fired, stops holding.'),
    },
    { error: 'must be a mapping with trigger and action' },
  )
  .describe('Performs an action when its trigger occurs.');

/** A rule that passed the schema. Keys of its trigger are read as the catalog defines them. */
export interface RuleShape {
  readonly trigger?: string | undefined;
  readonly name?: string | null | undefined;
  readonly when?: string | number | null | undefined;
  readonly for?: string | number | null | undefined;
  readonly cooldown?: string | number | null | undefined;
  readonly by?: string | null | undefined;
  readonly in?: string | readonly (string | undefined)[] | null | undefined;
  readonly action?: ActionShape | undefined;
  readonly resolve?: ActionShape | null | undefined;
  readonly [ownKey: string]: unknown;
}
