/** Messages of the stream of events. */

import { z } from 'zod';
import { component, count, values } from './common.js';
import { ensembleSchema } from './ensemble.js';
import { failuresOfGroupSchema } from './failure.js';
import { groupSchema } from './group.js';
import { firingSchema, problemSchema } from './happening.js';
import { ruleSchema } from './rule.js';

/** Parts of the state that a reader can ask for. */
export const PARTS = ['groups', 'rules', 'failures', 'metrics', 'firings', 'problems'] as const;
export type Part = (typeof PARTS)[number];

export const changeSchema = component(
  'Change',
  'Resources that have changed since the message before, each in full. Unchanged ones are missing.',
  z.object({
    ensemble: ensembleSchema,
    groups: z.array(groupSchema).optional(),
    rules: z.array(ruleSchema).optional(),
    failures: z.array(failuresOfGroupSchema).optional(),
    metrics: values.optional(),
    firingsSkipped: count.optional().meta({ description: 'Firings that this reader was too slow for.' }),
    problemsSkipped: count.optional(),
  }),
);

export type ChangeMessage = z.infer<typeof changeSchema>;

export const stateSchema = component(
  'State',
  'The full state, which replaces everything before.',
  changeSchema.extend({
    firings: z.array(firingSchema).optional(),
    problems: z.array(problemSchema).optional(),
  }),
);

export type StateMessage = z.infer<typeof stateSchema>;

export const eventsQuery = z.object({
  parts: z
    .string()
    .max(200)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(PARTS)))
    .optional()
    .meta({
      description: `Only these parts, separated by commas: ${PARTS.join(', ')}. The ensemble always comes.`,
    }),
});
