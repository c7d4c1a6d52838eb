/** The shape of `tests:`; resolve/tests.ts checks the meaning. */

import { z } from 'zod';
import { TEST_ENDS } from '../../model/test.js';
import { DURATION_PATTERN } from '../../text/duration.js';

function text(error = 'must be a string that is not empty') {
  return z.string({ error }).min(1, { error });
}

function integer(least: number, most: number) {
  const error = `must be an integer from ${least} to ${most}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

function number(least: number, most: number) {
  const error = `must be a number from ${least} to ${most}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
}

/** `10s`, `5m`, or a number of seconds. */
function time() {
  const error = 'must be a duration, like 10s, 1.5m, 2h, 1d or 250ms, or a number of seconds';
  return z.union(
    [z.number({ error }).min(0, { error }), z.string({ error }).regex(DURATION_PATTERN, { error })],
    {
      error,
    },
  );
}

/** A single value, or a list from which each job takes the next. */
function each<Item extends z.ZodType>(item: Item, error: string) {
  return z.union([item, z.array(item, { error })], { error });
}

/** A list of `TIME: TEXT`. */
function timed(error: string) {
  const line = 'must be a line of text, or a list of such lines';
  return z.array(
    z.record(z.string(), z.union([text(line), z.array(text(line), { error: line })], { error: line }), {
      error,
    }),
    {
      error,
    },
  );
}

const probed = 'must be a number, or a list of numbers';

const told = 'must be a number or a text, or a list of them';

const planSchema = z
  .strictObject(
    {
      wait: each(time(), 'must be a time like 5s, or a list of times')
        .optional()
        .meta({ description: 'Shortest time from submission to start.', default: 0 }),
      duration: each(time(), 'must be a time like 10s, or a list of times')
        .optional()
        .describe('Time from start to end; without it, lines of `events` end the jobs.'),
      outcome: each(
        text('must be an outcome, like success, fail or exit 3'),
        'must be an outcome or a list of them',
      )
        .optional()
        .meta({
          description:
            'success, fail, exit CODE, signal NAME, timeout, cancel, exception TYPE, or none (it does not end).',
          default: 'success',
        }),
      probes: z
        .record(z.string(), each(z.number({ error: probed }), probed), {
          error: 'must be a mapping of names to numbers',
        })
        .optional()
        .describe('Measured values, and those of probes, by name. A test reads no files and runs no plugin.'),
      tell: z
        .record(z.string(), each(z.union([z.number(), z.string()], { error: told }), told), {
          error: 'must be a mapping of names to values',
        })
        .optional()
        .describe('Values that the jobs tell when they start, by name.'),
    },
    { error: 'must be a mapping with wait, duration, outcome, probes and tell' },
  )
  .describe('The course of the jobs of a group: each job takes the next item of a list, and lists repeat.');

const synthSchema = z
  .strictObject(
    {
      groups: z
        .array(text(), { error: 'must be a list of job groups' })
        .optional()
        .describe('The groups of the jobs; all groups of the file when absent.'),
      jobs: integer(0, 1_000_000).optional().meta({ description: 'Number of jobs.', default: 1000 }),
      failures: number(0, 1).optional().meta({ description: 'The share of jobs that fail.', default: 0.05 }),
      seed: integer(0, 2 ** 32 - 1)
        .optional()
        .meta({ description: 'Seed: another seed gives another recording.', default: 1 }),
      slots: integer(1, 10_000_000).optional().meta({ description: 'Jobs that run at once.', default: 1024 }),
      rate: number(0.001, 1_000_000)
        .optional()
        .meta({ description: 'Jobs submitted in a second.', default: 200 }),
      meanDuration: time().optional().meta({ description: 'How long jobs run.', default: 8 }),
    },
    { error: 'must be a mapping with jobs, failures, seed and others, {} for the defaults' },
  )
  .describe('Synthetic events of jobs, as `ensemble synth` makes them.');

const expectedMetric = 'must be a number, a comparison like "> 3", "40 +- 2", or null for no value';

const expectSchema = z
  .strictObject(
    {
      firings: timed('must be a list of firings, like `- 10s: submit sleep`')
        .optional()
        .describe('All firings in their order, as `- TIME: ACTION LABEL by RULE`; [] for no firings.'),
      metrics: z
        .record(z.string(), z.union([z.number(), text()], { error: expectedMetric }).nullable(), {
          error: 'must be a mapping of metrics to values',
        })
        .optional()
        .describe('Metrics at the end by name: a number, a comparison, "40 +- 2", or null for no value.'),
      end: z
        .enum(TEST_ENDS, { error: `must be one of ${TEST_ENDS.join(', ')}` })
        .optional()
        .describe('How the run ends.'),
      state: text('must be the name of a state').optional().describe('The state of the ensemble at the end.'),
      within: time()
        .optional()
        .meta({ description: 'By how much firings may be earlier or later.', default: '1ms' }),
    },
    { error: 'must be a mapping with firings, metrics and end' },
  )
  .describe('The expected results.');

const testSchema = z
  .strictObject(
    {
      name: text().describe('The name of the test.'),
      jobs: z
        .record(z.string(), planSchema, { error: 'must be a mapping of job groups' })
        .optional()
        .describe('The course of submitted jobs, by group.'),
      events: timed('must be a list of events, like `- 10s: finish sleep 1..3`')
        .optional()
        .describe('Other events, as `- TIME: EVENT GROUP JOBS`.'),
      slots: integer(1, 2 ** 31 - 1)
        .optional()
        .describe('Cores that the jobs share; as many as they need when absent.'),
      start: text('must be a date and time, like 2026-03-01T08:00:00Z')
        .optional()
        .meta({ description: 'The time of day at the start of the test.', default: '2024-01-01T00:00:00Z' }),
      until: time().optional().meta({ description: 'The latest end of the test.', default: '1d' }),
      recording: text()
        .optional()
        .describe('A recording in place of events and jobs, relative to this file.'),
      synth: synthSchema.optional(),
      expect: expectSchema,
    },
    { error: 'must be a mapping with name and expect' },
  )
  .describe('Runs the rules in virtual time, without a workload manager; see `ensemble test`.');

export const testsSchema = z
  .array(testSchema, { error: 'must be a list of tests' })
  .nullish()
  .describe('Tests of the rules, for `ensemble test`.');

/** A file of tests next to the ensemble. */
export const testFileSchema = z.strictObject(
  {
    ensemble: text('must be the path of an ensemble, relative to this file').describe(
      'The ensemble to test.',
    ),
    tests: testsSchema,
  },
  { error: 'must be a mapping with ensemble and tests' },
);

type Shape = NonNullable<z.infer<typeof testsSchema>>[number];
export type TestShape = Partial<Omit<Shape, 'expect'>> & { readonly expect?: Partial<Shape['expect']> };

/** A test file whose values have the right types; values of a wrong type are missing. */
export interface TestFileShape {
  readonly ensemble?: string | undefined;
  readonly tests?: readonly (TestShape | undefined)[] | null | undefined;
}
