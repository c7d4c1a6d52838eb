/** The shape of `use:`, and of the files that it names: rules with parameters. */

import { z } from 'zod';

/** The types of an algorithm's parameters. */
export const PARAMETER_TYPES = {
  group: 'The name of a job group of the ensemble.',
  state: 'The name of a state of the ensemble.',
  string: 'Text.',
  number: 'A number.',
  integer: 'An integer.',
  duration: 'A duration, like 30s or 5m, or a number of seconds.',
  boolean: 'true or false.',
} as const;
export type ParameterType = keyof typeof PARAMETER_TYPES;

const scalar = () =>
  z.union([z.string(), z.number(), z.boolean(), z.bigint()], {
    error: 'must be a string, a number or a boolean',
  });

const parameterName = () =>
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'is not a valid name of a parameter: use letters, digits and _, and begin with a letter or _',
  });

export const useSchema = z
  .array(
    z.strictObject(
      {
        algorithm: z
          .string({ error: 'must be the path of a file, or the name of an algorithm of this package' })
          .min(1, { error: 'must be the path of a file, or the name of an algorithm of this package' })
          .describe(
            'A file of rules with parameters, relative to this one, or the name of an algorithm of this package.',
          ),
        with: z
          .record(z.string(), scalar(), { error: 'must be a mapping of parameters to values' })
          .nullish()
          .describe("Values of the algorithm's parameters."),
      },
      { error: 'must be a mapping with algorithm and with' },
    ),
    { error: 'must be a list of algorithms' },
  )
  .nullish()
  .describe('Sets of rules from other files, which follow the rules of this one.');

const types = Object.keys(PARAMETER_TYPES) as [ParameterType, ...ParameterType[]];

const parameterSchema = z.strictObject(
  {
    type: z.enum(types, { error: `must be one of ${types.join(', ')}` }).describe('The type of its values.'),
    description: z.string({ error: 'must be text' }).optional().describe('Its meaning, for messages.'),
    default: scalar().optional().describe('Its default.'),
    minimum: z.number({ error: 'must be a number' }).optional().describe('The smallest valid number.'),
    maximum: z.number({ error: 'must be a number' }).optional().describe('The largest valid number.'),
  },
  { error: 'must be a mapping with type' },
);

/** A file of rules with parameters. The rules are checked after they are filled in, as rules of the ensemble. */
export const algorithmSchema = z.strictObject(
  {
    description: z.string({ error: 'must be text' }).optional(),
    parameters: z.record(parameterName(), parameterSchema, { error: 'must be a mapping of names' }).nullish(),
    rules: z.array(
      z.record(z.string(), z.unknown(), { error: 'must be a mapping with trigger and action' }),
      {
        error: 'must be a list of rules',
      },
    ),
  },
  { error: 'must be a mapping with parameters and rules' },
);

export type AlgorithmUse = NonNullable<z.infer<typeof useSchema>>[number];
export type AlgorithmParameter = z.infer<typeof parameterSchema>;
export type Algorithm = z.infer<typeof algorithmSchema>;
