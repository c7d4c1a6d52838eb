/** Firings and problems. */

import { z } from 'zod';
import { component, count, time } from './common.js';

export const firingSchema = component(
  'Firing',
  'One time that the action of a rule, or a requested one, was due.',
  z.object({
    number: z.int().meta({ description: 'Counted from 0; external requests have a count of their own.' }),
    rule: z.int().meta({ description: 'Index of the rule; -1 for an external request.' }),
    name: z.string(),
    trigger: z.string(),
    action: z.string(),
    label: z.string().nullable().meta({ description: 'A group or a function.' }),
    time,
    job: z.string().nullable().meta({ description: 'The job of the event, in F58.' }),
    value: z.number().nullable().meta({ description: "The metric's value, for metric rules." }),
    askedBy: z.string().nullable().meta({ description: 'The requester; null for a rule.' }),
    resolved: z.boolean().meta({
      description: "The condition, for which the rule has fired, does not hold any more: 'resolve' is due.",
    }),
  }),
);
export type FiringResource = z.infer<typeof firingSchema>;

export const firingsSchema = z.object({
  firings: z.array(firingSchema).meta({ description: 'The latest ones, oldest first.' }),
  earlier: count.meta({ description: 'Firings that are no longer kept here.' }),
});

export const problemSchema = component(
  'Problem',
  'A problem of the run, which goes on unless the problem ends it.',
  z.object({
    time,
    code: z.string().meta({ description: 'A stable code: ERR_ACTION.' }),
    message: z.string(),
  }),
);
export type ProblemResource = z.infer<typeof problemSchema>;

export const problemsSchema = z.object({
  problems: z.array(problemSchema).meta({ description: 'The latest ones, oldest first.' }),
  earlier: count.meta({ description: 'Problems that are no longer kept here.' }),
});
