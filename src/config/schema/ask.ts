/** The shape of `ask:` of a job entry: an optimizer that is asked for the rows of the group. */

import { z } from 'zod';
import { duration, integer, options, parameterName, text } from '../../language/shapes.js';
import { MAX_TIMER } from '../../model/limits.js';
import { DIRECTIONS, SAMPLERS } from '../../model/search.js';

const directionError = 'must be minimize or maximize';
const optunaError = 'must be a mapping with sampler, like {sampler: tpe}';
const storageError = "must be 'none': the log of the run keeps the search";

export const askSchema = z
  .strictObject(
    {
      python: text()
        .optional()
        .describe('A Python file, relative to this one, with a class that has ask(n) and tell(rows).'),
      javascript: text()
        .optional()
        .describe('A JavaScript or TypeScript module that exports a class with ask(n) and tell(rows).'),
      command: text()
        .optional()
        .describe('A program that reads requests and writes answers, as lines of JSON.'),
      optuna: z
        .strictObject(
          {
            sampler: z
              .enum(SAMPLERS, { error: `must be one of ${SAMPLERS.join(', ')}` })
              .optional()
              .meta({ description: 'The sampler of Optuna.', default: 'tpe' }),
            direction: z
              .enum(DIRECTIONS, { error: directionError })
              .optional()
              .describe('The same as `direction` of `ask`.'),
            storage: z.enum(['none'], { error: storageError }).optional().meta({
              description: 'Optuna keeps the search in memory; the log of the run keeps it.',
              default: 'none',
            }),
          },
          { error: optunaError },
        )
        .optional()
        .describe('A search by Optuna, which python3 must have, over the ranges of `parameters`.'),
      class: text().optional().describe('The name of the class, where the file has several.'),
      with: options().nullish().describe('Options for the optimizer.'),
      objective: text()
        .optional()
        .describe('The value to optimize: one that the jobs tell or that is measured, or duration.'),
      direction: z
        .enum(DIRECTIONS, { error: directionError })
        .optional()
        .meta({ description: 'Whether smaller or larger values are better.', default: 'minimize' }),
      inFlight: integer(1).optional().meta({ description: 'The most jobs at once.', default: 1 }),
      ahead: integer(0)
        .optional()
        .describe(
          'Rows that are asked for before there is room for their jobs; a quarter of inFlight when absent.',
        ),
      rows: integer(1).optional().describe('The most rows of the search.'),
      until: z
        .string({ error: 'must be a condition, like best.G.loss < 0.01' })
        .optional()
        .describe('A condition on metrics, like best.G.loss < 0.01, which ends the search.'),
      seed: integer(0).optional().meta({ description: 'For the optimizer.', default: 0 }),
      timeout: duration(MAX_TIMER)
        .optional()
        .meta({ description: 'How long an answer may take.', default: '60s' }),
    },
    { error: 'must be a mapping, like {python: ./search.py, objective: loss}' },
  )
  .nullish()
  .describe('An optimizer that gives the rows of the group, and gets their results.');

/** Names of the parameters, whose values come from an optimizer. */
export const namesSchema = z.array(parameterName()).min(1, { error: 'must not be empty' });

export type AskShape = Partial<NonNullable<z.infer<typeof askSchema>>>;
