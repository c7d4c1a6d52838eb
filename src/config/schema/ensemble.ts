/**
 * The shape of an ensemble file: which keys there are and what type each has. Nothing is converted here, and
 * nothing that needs more than one value to judge is judged here; that is the work of `resolve.ts`.
 *
 * Every `error` says what is allowed; what was found is added when the problem is reported (`check.ts`). The
 * descriptions end up in the JSON Schema, where editors show them.
 */

import { z } from 'zod';
import {
  delay,
  delayOrTemplate,
  duration,
  integer,
  integerOrTemplate,
  options,
  parameterName,
  pluginPart,
  scalar,
  scalars,
  string,
  text,
  yesOrNo,
} from '../../language/shapes.js';
import { MAX_ROWS, MAX_TIMER } from '../../model/limits.js';
import { useSchema } from './algorithm.js';
import { type RuleShape, ruleSchema } from './rules.js';
import { type TestShape, testsSchema } from './tests.js';

function pair(names: string) {
  const error = `must be a list of two numbers, [${names}]`;
  return z.array(z.number({ error }), { error }).length(2, { error });
}

function ofRange() {
  const error = 'must be a number';
  return z.union([z.number({ error }), z.bigint({ error })], { error }).optional();
}

const rangeSchema = z.strictObject(
  {
    from: ofRange().describe('The first value of a range.'),
    to: ofRange().describe('The last value that a range may have.'),
    step: ofRange().describe('The distance between two values.'),
    count: integer(1, MAX_ROWS).optional().describe('How many values, in place of a step.'),
    scale: z
      .enum(['linear', 'log'], { error: 'must be linear or log' })
      .optional()
      .meta({ description: 'Equal distances, or equal ratios (with count).', default: 'linear' }),
    uniform: pair('from, to').optional().describe('Drawn, every value between the two as likely.'),
    loguniform: pair('from, to').optional().describe('Drawn, every order of magnitude as likely.'),
    normal: pair('mean, standard deviation').optional().describe('Drawn from a normal distribution.'),
    integer: pair('from, to').optional().describe('A whole number is drawn, both ends included.'),
    choice: z
      .array(scalar(), { error: 'must be a list of values' })
      .min(1, { error: 'must not be empty' })
      .optional()
      .describe('One of these is drawn.'),
  },
  { error: 'must be a value, a list of values, a range or a distribution' },
);

const parametersSchema = z
  .union(
    [
      z.record(
        parameterName(),
        z.union(
          [
            ...scalars,
            z.array(scalar(), { error: 'must be a list of values' }).min(1, { error: 'must not be empty' }),
            rangeSchema,
          ],
          { error: 'must be a value, a list of values, a range or a distribution' },
        ),
      ),
      z
        .array(z.record(parameterName(), scalar(), { error: 'must be a mapping of names to values' }), {
          error: 'must be a list of rows',
        })
        .min(1, { error: 'must not be empty' }),
    ],
    { error: 'must be a mapping of names to what they range over, or a list of rows' },
  )
  .nullish()
  .describe('What {{name}} stands for: lists and ranges in every combination, or rows. Each row is one job.');

const outcomeError = 'must be failed, timeout, canceled or {exception: TYPE}';

const retryOnSchema = z.union(
  [
    z.enum(['failed', 'timeout', 'canceled'], { error: outcomeError }),
    z.strictObject(
      { exception: text().describe("The type of the job's gravest exception.") },
      { error: outcomeError },
    ),
  ],
  { error: outcomeError },
);

const retrySchema = z
  .union(
    [
      integer(0),
      z.strictObject(
        {
          times: integer(0).describe('How often a job is submitted again at most.'),
          backoff: z
            .union(
              [
                delay(),
                z.strictObject({
                  initial: delay().describe('Before the first time.'),
                  factor: z
                    .number({ error: 'must be a number, 1 or more' })
                    .min(1, { error: 'must be a number, 1 or more' })
                    .optional()
                    .meta({ description: 'How many times as long before each next time.', default: 2 }),
                  max: delay().optional().describe('The longest that it gets.'),
                }),
              ],
              { error: 'must be a duration, or a mapping with initial, factor and max' },
            )
            .optional()
            .describe('Time from the end of a job to its next submission.'),
          on: z
            .union(
              [
                retryOnSchema,
                z.array(retryOnSchema, { error: outcomeError }).min(1, { error: outcomeError }),
              ],
              {
                error: outcomeError,
              },
            )
            .optional()
            .describe('Which ends: failed (other than by a timeout) and timeout when absent.'),
        },
        { error: 'must be a number of times, or a mapping with times, backoff and on' },
      ),
    ],
    { error: 'must be a number of times, or a mapping with times, backoff and on' },
  )
  .nullish()
  .describe('Submits jobs of the group that end badly again.');

const loggingSchema = z
  .strictObject(
    {
      debug: yesOrNo().optional().meta({ description: 'Log every event.', default: false }),
      heartbeat: delay(MAX_TIMER).nullish().meta({
        description: 'Time between heartbeats; 0 for none, which rules that need them turn into 60s.',
        default: 0,
      }),
    },
    { error: 'must be a mapping with debug and heartbeat' },
  )
  .nullish()
  .describe('What to log, and how often to look at what time alone changes.');

const environmentSchema = z
  .record(
    z
      .string()
      .regex(/^[^=\0]+$/, { error: 'is not a name for a variable: it must not be empty or hold = or NUL' }),
    scalar(),
    { error: 'must be a mapping of names to values' },
  )
  .nullish()
  .describe("Variables set on top of the ensemble's own environment.");

export const jobSchema = z
  .strictObject(
    {
      name: text().describe('The job group. Entries of one name form one group and are submitted together.'),
      // `command: true` is a boolean to YAML and a program to people.
      command: z
        .union([text(), z.boolean()], { error: 'must be a string that is not empty' })
        .optional()
        .describe('The program and its arguments, quoted as for a shell; no shell expands it.'),
      use: pluginPart('must be a kind of jobs that a plugin knows, like lammps.job')
        .optional()
        .describe('The kind of jobs of a plugin that gives the keys which this entry does not have.'),
      with: options().nullish().describe('Options of `use`; the plugin says which there are.'),
      probes: z
        .array(
          z.strictObject(
            {
              probe: pluginPart('must be a probe of a plugin, like lammps.thermo').describe(
                'What measures the jobs.',
              ),
              with: options().nullish().describe('Options of the probe; the plugin says which there are.'),
              timeout: duration(MAX_TIMER).optional().meta({
                description: 'How long it may take for a job.',
                default: '60s',
              }),
            },
            { error: 'must be a mapping with probe and with' },
          ),
          { error: 'must be a list of probes, like [{probe: lammps.thermo}]' },
        )
        .nullish()
        .describe('Probes of plugins: they measure each job of the group that has ended successfully.'),
      workdir: string()
        .nullish()
        .describe(
          'Working directory of the jobs; that of the ensemble when absent. A job fails when it is missing.',
        ),
      count: integer(0).optional().meta({
        description: 'Jobs to start from this entry, or from each row of its parameters.',
        default: 1,
      }),
      parameters: parametersSchema,
      samples: integer(1, MAX_ROWS)
        .optional()
        .meta({ description: 'Rows to draw, for each combination of the other parameters.', default: 1 }),
      seed: integer(0)
        .optional()
        .meta({ description: 'Of what is drawn: the same seed, the same values.', default: 0 }),
      nodes: integerOrTemplate(0).nullish().meta({ description: 'Nodes for each job.', default: 1 }),
      tasks: integerOrTemplate(0)
        .nullish()
        .meta({ description: 'Tasks of each job, at least one for each node.', default: 1 }),
      duration: delayOrTemplate().nullish().meta({ description: 'Time limit; 0 for none.', default: 0 }),
      environment: environmentSchema,
      inheritEnvironment: yesOrNo().optional().meta({
        description: "Whether jobs begin with the ensemble's own environment, or with none.",
        default: true,
      }),
      cores: integerOrTemplate(1).optional().meta({ description: 'Cores for each task.', default: 1 }),
      gpus: integerOrTemplate(0).optional().meta({ description: 'GPUs for each task.', default: 0 }),
      retry: retrySchema,
      stalled: duration()
        .nullish()
        .describe(
          'How long an active job of the group may be without an event, for the trigger job-stalled.',
        ),
      queue: text().nullish().describe('The queue to submit to.'),
      bank: text().nullish().describe('The bank to charge.'),
      urgency: integer(0, 31)
        .optional()
        .meta({ description: 'Urgency of the jobs, from 0 (held) to 31 (first of all).', default: 16 }),
      output: text().nullish().describe('File for standard output; may hold {{id}}, {{name}} and the like.'),
      error: text().nullish().describe('File for standard error; goes where output goes when absent.'),
      attributes: z
        .record(z.string(), z.unknown(), { error: 'must be a mapping of jobspec attributes' })
        .nullish()
        .describe("Jobspec attributes (RFC 14) on top of the job's others, for Flux: `system: {...}`."),
    },
    { error: 'must be a mapping with name and command' },
  )
  .describe('Jobs of one kind.');

const customSchema = z
  .union(
    [
      z.string(),
      z.strictObject({
        file: text().describe('Path of a JavaScript module or a Python file, relative to this file.'),
      }),
    ],
    { error: 'must be JavaScript or Python source, the path of a module, or a mapping with file' },
  )
  .nullish()
  .describe('Functions for custom actions: JavaScript source, or the path of a module.');

const pluginsSchema = z
  .array(text(), { error: 'must be a list of plugins' })
  .nullish()
  .describe('Plugins: files relative to this one (./lammps.mjs), packages, or `lammps`, which is ours.');

/** The whole file. */
export const configSchema = z.strictObject(
  {
    logging: loggingSchema,
    states: z
      .array(text(), { error: 'must be a list of names' })
      .max(64, { error: 'must be 64 states at most' })
      .nullish()
      .describe('The states of the ensemble; it begins in the first.'),
    jobs: z.array(jobSchema, { error: 'must be a list of jobs, [] for none' }).describe('The job groups.'),
    rules: z.array(ruleSchema, { error: 'must be a list of rules, [] for none' }).describe('The rules.'),
    custom: customSchema,
    plugins: pluginsSchema,
    use: useSchema,
    tests: testsSchema,
  },
  { error: 'must be a mapping with jobs and rules' },
);

type Shape = z.infer<typeof configSchema>;
export type LoggingShape = Partial<NonNullable<Shape['logging']>>;
export type JobShape = Partial<Shape['jobs'][number]>;
export type CustomShape = NonNullable<Shape['custom']>;

/** A file of which every value has its right type, and of which values that had a wrong one are missing. */
export interface ConfigShape {
  readonly logging?: LoggingShape | null | undefined;
  readonly states?: readonly (string | undefined)[] | null | undefined;
  readonly jobs?: readonly (JobShape | undefined)[] | undefined;
  readonly rules?: readonly (RuleShape | undefined)[] | undefined;
  readonly custom?: string | Partial<Exclude<CustomShape, string>> | null | undefined;
  readonly plugins?: readonly (string | undefined)[] | null | undefined;
  readonly tests?: readonly (TestShape | undefined)[] | null | undefined;
}
