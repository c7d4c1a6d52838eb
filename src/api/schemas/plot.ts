/** Plots of the jobs of a run: over time, and by their parameters. */

import { z } from 'zod';
import { FAILURE } from '../../store/jobs/plots/measure.js';
import { component, count, seconds, time } from './common.js';
import { jobSchema, jobsFilter } from './job.js';

const plotted = {
  matching: count.meta({ description: 'Jobs that match the query; attempts of one job count once.' }),
  damage: z
    .string()
    .nullable()
    .meta({ description: 'Words for damage to the log; jobs may be missing then.' }),
};

const means = z.array(z.number()).meta({ description: 'The mean number in each part of the time.' });

const occupationSchema = z.object({
  means,
  peak: count.meta({ description: 'The most at one time.' }),
  seconds: seconds.meta({ description: 'The sum of the times of all jobs.' }),
});

export const timelineSchema = component(
  'Timeline',
  'Jobs over time, and the jobs that started last.',
  z.object({
    ...plotted,
    timeline: z
      .object({
        begin: time.meta({ description: 'The first submission, in seconds since the epoch.' }),
        end: time.meta({ description: 'The end of the run, or now.' }),
        running: occupationSchema,
        pending: occupationSchema,
        used: z
          .object({
            unit: z.enum(['slots', 'nodes']),
            size: count
              .nullable()
              .meta({ description: 'The present size of the member; null for an unknown one.' }),
            means,
            seconds: seconds.meta({ description: 'The sum of the times of all slots or nodes.' }),
          })
          .nullable()
          .meta({ description: 'Slots or nodes that jobs had; null where they are unknown.' }),
      })
      .nullable()
      .meta({ description: 'Null without a job.' }),
    latest: z.array(jobSchema).meta({
      description: 'Jobs that started last, the latest first, then jobs that have not started.',
    }),
  }),
);
export type TimelineResource = z.infer<typeof timelineSchema>;

export const timelineQuery = z.object({
  ...jobsFilter,
  parts: z.coerce.number().int().min(1).max(1000).default(240).meta({ description: 'Parts of the time.' }),
  latest: z.coerce.number().int().min(0).max(1000).default(200).meta({ description: 'Latest jobs at most.' }),
});

export const variablesSchema = z.object({
  ...plotted,
  variables: z.array(
    component(
      'Variable',
      'A column that plots can compare.',
      z.object({
        name: z.string().meta({ description: 'parameters.T, measured.energy, duration, pending' }),
        kind: z.enum(['number', 'text']).meta({ description: 'text where some values are texts.' }),
        jobs: count.meta({ description: 'Jobs whose value is known.' }),
        distinct: count.meta({ description: 'Different values; 100 stands for 100 or more.' }),
        min: z.number().nullable(),
        max: z.number().nullable(),
      }),
    ),
  ),
});
export type VariablesResource = z.infer<typeof variablesSchema>;

export const variablesQuery = z.object(jobsFilter);

const measure = z.string().max(256);
const column = measure.meta({ description: 'A column: parameters.T' });

const axisSchema = component(
  'Axis',
  'An axis with at most 30 places: the values of a column, or equal parts of their range.',
  z.object({
    values: z
      .array(z.union([z.number(), z.string()]))
      .meta({ description: 'The value of each place; the middle of a part.' }),
    width: z
      .number()
      .nullable()
      .meta({ description: 'The width of a part; null where each place is one value.' }),
    left: count.meta({ description: 'Jobs without a place, because the column has too many texts.' }),
  }),
);

export const heatMapSchema = component(
  'HeatMap',
  'The mean of a measure for each value of a column, or each pair of values of two columns.',
  z.object({
    ...plotted,
    jobs: count.meta({ description: 'Jobs in all cells.' }),
    x: axisSchema,
    y: axisSchema,
    cells: z.array(z.object({ x: z.int(), y: z.int(), count, mean: z.number() })).meta({
      description: 'Pairs with jobs, by their places on the axes.',
    }),
  }),
);
export type HeatMapResource = z.infer<typeof heatMapSchema>;

export const heatMapQuery = z.object({
  ...jobsFilter,
  x: column,
  y: column.optional(),
  value: measure.meta({
    description: `A column of numbers, or ${FAILURE}: 1 for failed jobs, 0 for completed ones.`,
  }),
});

export const scatterSchema = component(
  'Scatter',
  'Two numbers of each job. The points are a random sample where there are many jobs.',
  z.object({
    ...plotted,
    jobs: count.meta({ description: 'Jobs whose two numbers are known.' }),
    x: z.array(z.number()).meta({ description: 'Ascending.' }),
    y: z.array(z.number()),
    results: z.array(z.string()),
    colors: z.array(z.number().nullable()),
    means: z
      .array(z.object({ x: z.number(), count, mean: z.number() }))
      .meta({ description: 'The mean of y over all jobs, by values of x or by equal parts of their range.' }),
  }),
);
export type ScatterResource = z.infer<typeof scatterSchema>;

export const scatterQuery = z.object({
  ...jobsFilter,
  x: column,
  y: measure.meta({ description: `A column of numbers, or ${FAILURE}.` }),
  color: measure.optional().meta({ description: 'Another one.' }),
  points: z.coerce.number().int().min(1).max(5000).default(2000).meta({ description: 'Points at most.' }),
});
