/** Actions that are requested from outside of the run. */

import { z } from 'zod';
import { externalActionNames } from '../../run/external-actions.js';
import { component } from './common.js';

export const actionSchema = component(
  'Action',
  'A request.',
  z.strictObject({
    name: z.enum(externalActionNames),
    label: z
      .string()
      .max(1024)
      .optional()
      .meta({ description: 'The group, for submit, cancel and urgency.' }),
    job: z
      .string()
      .max(64)
      .optional()
      .meta({ description: 'Instead of a group, the id of one active job, for cancel and urgency.' }),
    value: z.int().optional().meta({ description: 'Jobs, slots or an urgency.' }),
    parameters: z
      .record(z.string().max(1024), z.union([z.string().max(65_536), z.number(), z.boolean()]))
      .optional()
      .meta({
        description:
          "For submit: values in place of the group's parameters. A text that is a number in a file is one here.",
      }),
  }),
);

export type ActionRequest = z.infer<typeof actionSchema>;

export const outcomeSchema = component(
  'Outcome',
  'The result of an action.',
  z.object({
    id: z.string().meta({ description: 'Id of the ensemble that did it.' }),
    text: z.string(),
    before: z.number().nullable().meta({ description: 'Size before grow or shrink.' }),
    after: z.number().nullable(),
  }),
);
export type OutcomeResource = z.infer<typeof outcomeSchema>;
