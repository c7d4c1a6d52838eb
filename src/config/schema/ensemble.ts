/**
 * The shape of an ensemble file: its keys and their types. Values are not converted here. Checks that need more
 * than one value are in `resolve/`.
 *
 * Every `error` lists the valid values; the report adds the found one (`check.ts`). The descriptions become part of
 * the JSON Schema, which editors show.
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
import { COLUMN_TYPES, DESIGNS } from '../../model/ensemble.js';
import { MAX_COUNT, MAX_TIMER } from '../../model/limits.js';
import { useSchema } from './algorithm.js';
import { askSchema, namesSchema } from './ask.js';
import { measureSchema } from './measure.js';
import { type NotifyShape, notifySchema } from './notify.js';
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
    to: ofRange().describe('The upper limit of a range.'),
    step: ofRange().describe('The distance between two values.'),
    count: integer(1, MAX_COUNT).optional().describe('The number of values, in place of a step.'),
    scale: z
      .enum(['linear', 'log'], { error: 'must be linear or log' })
      .optional()
      .meta({ description: 'Equal distances, or equal ratios (with count).', default: 'linear' }),
    uniform: pair('from, to').optional().describe('Drawn from a uniform distribution.'),
    loguniform: pair('from, to')
      .optional()
      .describe('Drawn from a log-uniform distribution: every order of magnitude is equally likely.'),
    normal: pair('mean, standard deviation').optional().describe('Drawn from a normal distribution.'),
    integer: pair('from, to').optional().describe('An integer is drawn, both ends included.'),
    choice: z
      .array(scalar(), { error: 'must be a list of values' })
      .min(1, { error: 'must not be empty' })
      .optional()
      .describe('One of these is drawn.'),
  },
  { error: 'must be a value, a list of values, a range or a distribution' },
);

/** `1000..2000`, `1000..` and `..2000`. */
export const ROW_RANGE = /^(?=.*\d)(\d{1,15})?\.\.(\d{1,15})?$/;
const rowRangeError = 'must be numbers of rows like 1000..2000, 1000.. or ..2000';
const columnTypeError = `must be one of ${COLUMN_TYPES.join(', ')}`;

const rowFileSchema = z.strictObject(
  {
    file: text().describe('A file of rows (.csv, .tsv, .jsonl, .ndjson, .parquet), relative to this file.'),
    rows: string(rowRangeError)
      .regex(ROW_RANGE, { error: rowRangeError })
      .optional()
      .describe('The rows that are taken, counted from 1, both ends included: 1000..2000.'),
    where: text().optional().describe('A condition on the columns: only rows for which it holds are taken.'),
    types: z
      .record(z.string(), z.enum(COLUMN_TYPES, { error: columnTypeError }), {
        error: 'must be a mapping of columns to their types, like {id: text}',
      })
      .optional()
      .describe('Types of columns that differ from those of their first rows.'),
  },
  { error: 'must be a mapping with file' },
);

/** Refuses a mapping that names a file of rows, as a value of another type would be refused. */
function unlessFile<T extends z.ZodType>(schema: T): T {
  return schema.check(({ value, issues }) => {
    if (typeof value !== 'object' || value === null || !('file' in value)) return;
    if (typeof value.file === 'string') {
      issues.push({ code: 'invalid_type', expected: 'record', input: value, path: [], message: '' });
    }
  });
}

const parametersSchema = z
  .union(
    [
      rowFileSchema,
      unlessFile(
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
      ),
      z
        .array(z.record(parameterName(), scalar(), { error: 'must be a mapping of names to values' }), {
          error: 'must be a list of rows',
        })
        .min(1, { error: 'must not be empty' }),
      namesSchema,
    ],
    { error: 'must be a mapping of names to their values, a list of rows, or a file of them' },
  )
  .nullish()
  .describe(
    'Values of {{name}}: every combination of lists and ranges, rows, or a file of rows. Each row is one job. With `ask`: ' +
      'names or ranges.',
  );

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

const changed = 'must be an expression over the parameters of the job, like memory * 2';

const retrySchema = z
  .union(
    [
      integer(0),
      z.strictObject(
        {
          times: integer(0).describe('Maximum number of times that a job is submitted again.'),
          backoff: z
            .union(
              [
                delay(),
                z.strictObject({
                  initial: delay().describe('Time before the first new submission.'),
                  factor: z
                    .number({ error: 'must be a number, 1 or more' })
                    .min(1, { error: 'must be a number, 1 or more' })
                    .optional()
                    .meta({
                      description: 'Factor by which the time grows before each further submission.',
                      default: 2,
                    }),
                  max: delay().optional().describe('The longest of these times.'),
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
          parameters: z
            .record(parameterName(), z.union([text(), z.number(), z.boolean()], { error: changed }), {
              error: 'must be a mapping of parameters to expressions',
            })
            .optional()
            .describe(
              'Other parameters for each try: expressions over those of the failed job, like nodes * 2.',
            ),
        },
        { error: 'must be a number of times, or a mapping with times, backoff, on and parameters' },
      ),
    ],
    { error: 'must be a number of times, or a mapping with times, backoff, on and parameters' },
  )
  .nullish()
  .describe('Submits failed jobs of the group again.');

const loggingSchema = z
  .strictObject(
    {
      debug: yesOrNo().optional().meta({ description: 'Log every event.', default: false }),
      heartbeat: delay(MAX_TIMER).nullish().meta({
        description: 'Time between heartbeats; 0 for no heartbeats, or 60s if rules need them.',
        default: 0,
      }),
    },
    { error: 'must be a mapping with debug and heartbeat' },
  )
  .nullish()
  .describe('Logging, and how often conditions that depend on time are evaluated.');

const environmentSchema = z
  .record(
    z.string().regex(/^[^=\0]+$/, {
      error: 'is not a valid name of a variable: it must not be empty or contain = or NUL',
    }),
    scalar(),
    { error: 'must be a mapping of names to values' },
  )
  .nullish()
  .describe("Variables set on top of the ensemble's own environment.");

const slurmKeys = {
  qos: text().nullish().describe('The quality of service.'),
  constraint: text().nullish().describe('Features that the nodes must have.'),
  options: z
    .array(text(), { error: 'must be a list of options, like [--mem=4G]' })
    .nullish()
    .describe('Other options of sbatch, each as one text: --mem=4G.'),
};

const slurmSchema = z
  .strictObject(
    {
      partition: text().nullish().describe('The partition; that of `queue` when absent.'),
      account: text().nullish().describe('The account to charge; that of `bank` when absent.'),
      ...slurmKeys,
    },
    { error: 'must be a mapping with partition, account, qos, constraint and options' },
  )
  .nullish()
  .describe('Requests to Slurm in addition to the resources, for --executor slurm.');

const RATE = 'must be a number of jobs in a time, like 50/s, 3000/min or 100/h';

const limitsSchema = (of: string) =>
  z
    .strictObject(
      {
        active: integer(1)
          .nullish()
          .describe(`The most jobs of ${of} that are active at once; others wait before their submission.`),
        rate: z
          .string({ error: RATE })
          .regex(/^\s*(?!0+(\.0*)?\s*\/)\d+(\.\d+)?\s*\/\s*(s|m|min|h|d)\s*$/, { error: RATE })
          .nullish()
          .describe(`The most submissions of ${of} in a time: 50/s, 3000/min, 100/h.`),
        jobs: integer(1)
          .nullish()
          .describe(`The most jobs of ${of} that are submitted; repeated tries count.`),
        nodeHours: z
          .number({ error: 'must be a number above 0' })
          .positive({ error: 'must be a number above 0' })
          .nullish()
          .describe(`Node hours after which no job of ${of} is submitted.`),
        wall: duration().nullish().describe(`Time after which no job of ${of} is submitted.`),
        failures: z
          .union([integer(1), z.string().regex(/^\s*(?!0+(\.0*)?\s*%)\d{1,2}(\.\d+)?\s*%\s*$/)], {
            error: 'must be a number of jobs, or a share like 5%',
          })
          .nullish()
          .describe(
            `Failed jobs of ${of}, or their share of the jobs that have ended, after which none is submitted.`,
          ),
      },
      { error: 'must be a mapping with active, rate, jobs, nodeHours, wall or failures' },
    )
    .nullish()
    .describe(`Limits of ${of}.`);

const toldError = 'must be a list of names of numbers, or a mapping of names to number or text';

export const jobSchema = z
  .strictObject(
    {
      name: text().describe('The job group. Entries of one name form one group and are submitted together.'),
      // `command: true` is a boolean in YAML and a program for its users.
      command: z
        .union([text(), z.boolean()], { error: 'must be a string that is not empty' })
        .optional()
        .describe('The program and its arguments, quoted as for a shell; no shell expands it.'),
      use: pluginPart('must be a kind of jobs of a plugin, like lammps.job')
        .optional()
        .describe('A kind of jobs of a plugin, which sets the keys that this entry does not have.'),
      with: options().nullish().describe('Options of `use`, which the plugin describes.'),
      probes: z
        .array(
          z.strictObject(
            {
              probe: pluginPart('must be a probe of a plugin, like lammps.thermo').describe(
                'The probe that measures the jobs.',
              ),
              with: options().nullish().describe('Options of the probe, which the plugin describes.'),
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
      measure: measureSchema,
      tell: z
        .union(
          [
            z.array(text(), { error: toldError }),
            z.record(z.string(), z.enum(['number', 'text'], { error: toldError }), { error: toldError }),
          ],
          { error: toldError },
        )
        .nullish()
        .describe(
          'Names of numbers and texts that the jobs of the group may tell while they run (`ensemble tell`).',
        ),
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
      skip: z
        .enum(['done'], { error: 'must be done' })
        .optional()
        .describe('`done`: jobs that a run of the state folder has done are not submitted.'),
      ask: askSchema,
      samples: integer(1, MAX_COUNT)
        .optional()
        .meta({ description: 'Rows to draw, for each combination of the other parameters.', default: 1 }),
      design: z
        .enum(DESIGNS, { error: `must be one of ${DESIGNS.join(', ')}` })
        .optional()
        .meta({
          description: 'How drawn parameters fill their ranges: at random, or more evenly.',
          default: 'random',
        }),
      seed: integer(0)
        .optional()
        .meta({ description: 'Seed of the drawn values: the same seed gives the same values.', default: 0 }),
      nodes: integerOrTemplate(0).nullish().meta({ description: 'Nodes for each job.', default: 1 }),
      tasks: integerOrTemplate(0)
        .nullish()
        .meta({ description: 'Tasks of each job, at least one for each node.', default: 1 }),
      duration: delayOrTemplate().nullish().meta({ description: 'Time limit; 0 for no limit.', default: 0 }),
      environment: environmentSchema,
      inheritEnvironment: yesOrNo().optional().meta({
        description: "Whether jobs begin with the ensemble's own environment, or with an empty one.",
        default: true,
      }),
      cores: integerOrTemplate(1).optional().meta({ description: 'Cores for each task.', default: 1 }),
      gpus: integerOrTemplate(0).optional().meta({ description: 'GPUs for each task.', default: 0 }),
      retry: retrySchema,
      limits: limitsSchema('the group'),
      after: text()
        .nullish()
        .describe(
          'Another group: for each of its jobs that succeeds, a job of this one is submitted, with the same parameters.',
        ),
      all: text()
        .nullish()
        .describe(
          'A group that is submitted when all jobs of this one, and of the group before, have ended.',
        ),
      stalled: duration()
        .nullish()
        .describe(
          'Time without an event after which an active job of the group counts as stalled (job-stalled).',
        ),
      queue: text().nullish().describe('The queue to submit to.'),
      bank: text().nullish().describe('The bank to charge.'),
      urgency: integer(0, 31)
        .optional()
        .meta({ description: 'Urgency of the jobs, from 0 (held) to 31 (first of all).', default: 16 }),
      output: text()
        .nullish()
        .describe('File for standard output; may contain {{id}}, {{name}} and other tags.'),
      error: text().nullish().describe('File for standard error; the file of `output` when absent.'),
      attributes: z
        .record(z.string(), z.unknown(), { error: 'must be a mapping of jobspec attributes' })
        .nullish()
        .describe("Jobspec attributes (RFC 14) in addition to the job's others, for Flux: `system: {...}`."),
      slurm: slurmSchema,
    },
    { error: 'must be a mapping with name and command' },
  )
  .describe('Jobs of one kind.');

const customSchema = z
  .union(
    [
      z.string(),
      z.strictObject({
        file: text()
          .optional()
          .describe('Path of a JavaScript module or a Python file, relative to this file.'),
        program: z
          .array(text(), { error: 'must be a list of names' })
          .optional()
          .describe('Names of functions of the program that runs the ensemble with the library.'),
      }),
    ],
    { error: 'must be JavaScript or Python source, the path of a module, or a mapping with file or program' },
  )
  .nullish()
  .describe('Functions for custom actions: JavaScript source, or the path of a module.');

const pluginsSchema = z
  .array(text(), { error: 'must be a list of plugins' })
  .nullish()
  .describe(
    'Plugins: files relative to this one (./lammps.mjs), packages, or `lammps`, which is part of this package.',
  );

/** The whole file. */
const recycleError = 'must be a number of jobs above 0, like 2000 jobs';

const brokerSchema = (command: string) =>
  z
    .array(text(), { error: 'must be a list of options, like [--conf=FILE]' })
    .nullish()
    .describe(`More options of ${command}, each as one text.`);

const pilotsSchema = z
  .strictObject(
    {
      pilots: integer(1, 8192).describe(
        'Jobs of Slurm that run at once, at most. Each is a Flux instance, which runs jobs of the ensemble.',
      ),
      nodes: integer(1).nullish().meta({ description: 'Nodes of each pilot.', default: 1 }),
      cores: integer(1).nullish().describe('Cores of each node; whole nodes when absent.'),
      time: duration().describe('The time limit of a pilot in Slurm: 2h.'),
      idle: duration()
        .nullish()
        .meta({ description: 'Time after which a pilot without jobs is ended.', default: '2m' }),
      partition: text().nullish().describe('The partition.'),
      account: text().nullish().describe('The account to charge.'),
      ...slurmKeys,
      broker: brokerSchema('flux start'),
    },
    { error: 'must be a mapping with pilots, nodes and time' },
  )
  .nullish()
  .describe('Pilots: Flux instances in jobs of Slurm run the jobs of the ensemble, for --executor slurm.');

const memberSchema = z
  .strictObject(
    {
      flux: z
        .strictObject(
          {
            instances: integer(1, 8192)
              .nullish()
              .describe('Flux instances that run the jobs at once, as jobs of the instance of the ensemble.'),
            nodes: integer(1)
              .nullish()
              .describe('Nodes of each of them; its share of the instance when absent.'),
            cores: integer(1).nullish().describe('Cores of each node; whole nodes when absent.'),
            recycle: z
              .union(
                [
                  z
                    .number({ error: recycleError })
                    .int({ error: recycleError })
                    .min(1, { error: recycleError }),
                  z.string({ error: recycleError }).regex(/^[1-9]\d{0,14} ?jobs?$/, { error: recycleError }),
                ],
                { error: recycleError },
              )
              .nullish()
              .describe(
                'Jobs after which an instance is replaced by a new one, so that its memory stays small.',
              ),
            broker: brokerSchema('flux broker'),
          },
          { error: 'must be a mapping with instances, nodes, cores, recycle and broker' },
        )
        .nullish()
        .describe('A tree of Flux instances, for --executor flux.'),
      slurm: pilotsSchema,
    },
    { error: 'must be a mapping with flux or slurm' },
  )
  .nullish()
  .describe('Settings of the member that runs the jobs.');

export const configSchema = z.strictObject(
  {
    member: memberSchema,
    logging: loggingSchema,
    states: z
      .array(text(), { error: 'must be a list of names' })
      .max(64, { error: 'must be 64 states at most' })
      .nullish()
      .describe('The states of the ensemble; the first is the initial one.'),
    limits: limitsSchema('the ensemble'),
    jobs: z
      .array(jobSchema, { error: 'must be a list of jobs; write [] for an empty one' })
      .describe('The job groups.'),
    rules: z
      .array(ruleSchema, { error: 'must be a list of rules; write [] for an empty one' })
      .describe('The rules.'),
    custom: customSchema,
    plugins: pluginsSchema,
    notify: notifySchema,
    use: useSchema,
    tests: testsSchema,
  },
  { error: 'must be a mapping with jobs and rules' },
);

type Shape = z.infer<typeof configSchema>;
export type LoggingShape = Partial<NonNullable<Shape['logging']>>;
export type LimitsShape = Partial<NonNullable<Shape['limits']>>;
export type JobShape = Partial<Shape['jobs'][number]>;
export type MemberShape = NonNullable<Shape['member']>;
export type CustomShape = NonNullable<Shape['custom']>;

/** A file whose values have the right types; values of a wrong type are missing. */
export interface ConfigShape {
  readonly member?: MemberShape | null | undefined;
  readonly logging?: LoggingShape | null | undefined;
  readonly states?: readonly (string | undefined)[] | null | undefined;
  readonly limits?: LimitsShape | null | undefined;
  readonly jobs?: readonly (JobShape | undefined)[] | undefined;
  readonly rules?: readonly (RuleShape | undefined)[] | undefined;
  readonly custom?: string | Partial<Exclude<CustomShape, string>> | null | undefined;
  readonly plugins?: readonly (string | undefined)[] | null | undefined;
  readonly notify?: readonly (NotifyShape | undefined)[] | null | undefined;
  readonly tests?: readonly (TestShape | undefined)[] | null | undefined;
}
