/** Groups of jobs with their statistics, and the distributions of their times. */

import { z } from 'zod';
import { type KeptStatistic, STATISTICS } from '../../model/metric-names.js';
import { component, count, nextCursor } from './common.js';
import { countsSchema } from './ensemble.js';

const statistic = z.number().nullable();

export const statisticsSchema = component(
  'Statistics',
  'Statistics of one stream of numbers; null before the first one. Quartiles, iqr and mad are P² estimates.',
  z.object({
    count,
    ...(Object.fromEntries(STATISTICS.map((name) => [name, statistic])) as Record<
      KeptStatistic,
      typeof statistic
    >),
  }),
);
export type StatisticsResource = z.infer<typeof statisticsSchema>;

export const groupSchema = component(
  'Group',
  'The jobs of one group.',
  z.object({
    name: z.string(),
    counts: countsSchema,
    exceptions: z
      .record(z.string(), count)
      .meta({ description: 'Jobs by the type of their first fatal exception.' }),
    duration: statisticsSchema.meta({ description: 'Seconds from start to finish.' }),
    pending: statisticsSchema.meta({ description: 'Seconds from submit to start.' }),
    probes: z
      .record(z.string(), statisticsSchema)
      .meta({ description: 'Values of probes, and numbers that jobs told, by name.' }),
  }),
);
export type GroupResource = z.infer<typeof groupSchema>;

export const groupsSchema = z.object({ groups: z.array(groupSchema), next: nextCursor });

export const histogramSchema = component(
  'Histogram',
  'A distribution in the buckets of an OpenTelemetry exponential histogram: the bucket i of scale s holds the numbers ' +
    'above 2^(i/2^s), up to 2^((i+1)/2^s) inclusive.',
  z.object({
    count,
    sum: z.number(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    zeros: count.meta({ description: 'How many numbers were 0.' }),
    scale: z.int().min(0).max(6),
    first: z.int().meta({ description: 'Index of the first bucket.' }),
    buckets: z.array(count).meta({ description: 'How many numbers each bucket holds.' }),
    quantiles: z
      .object({ p50: statistic, p95: statistic, p99: statistic })
      .meta({ description: 'From the finest buckets, within 0.54 %.' }),
  }),
);

export const histogramsSchema = component(
  'Histograms',
  "The distributions of a group's times, in seconds.",
  z.object({ group: z.string(), duration: histogramSchema, pending: histogramSchema }),
);
export type HistogramResource = z.infer<typeof histogramSchema>;
export type HistogramsResource = z.infer<typeof histogramsSchema>;
