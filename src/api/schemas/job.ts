/** Jobs of a run that has a folder. */

import { z } from 'zod';
import { RESULTS } from '../../store/jobs/results.js';
import { component, count, nextCursor } from './common.js';

export const jobSchema = component(
  'Job',
  'A job by columns; unknown values are null. The columns are those of `ensemble jobs --json`.',
  z.record(z.string(), z.unknown()),
);

export const jobsSchema = z.object({
  jobs: z.array(jobSchema),
  matching: count.meta({ description: 'Jobs that match the query.' }),
  total: count.meta({ description: 'All jobs of the run.' }),
  columns: z.array(z.string()).meta({ description: 'Names of all columns of the run.' }),
  damage: z
    .string()
    .nullable()
    .meta({ description: 'Words for damage to the log; jobs may be missing then.' }),
  next: nextCursor,
});

export type JobsPage = z.infer<typeof jobsSchema>;

const listed = z
  .string()
  .max(4096)
  .transform((text) => text.split(',').filter((name) => name !== ''))
  .optional();

/** The parts of a query that select jobs. */
export const jobsFilter = {
  group: listed.meta({ description: 'Only jobs of these groups, separated by commas.' }),
  result: listed.meta({
    description: `Only jobs with these results: ${RESULTS.join(', ')}; failed includes timeout and refused.`,
  }),
  where: z
    .string()
    .max(4096)
    .optional()
    .meta({ description: 'Only jobs that satisfy it: duration > 1h and parameters.T >= 400.' }),
};

export const jobsQuery = z.object({
  ...jobsFilter,
  sort: z.string().max(256).optional().meta({ description: 'A column: duration or duration:desc.' }),
  columns: listed.meta({ description: 'These columns: id,duration,parameters.T.' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(4096).optional().meta({ description: '`next` of the page before.' }),
  skip: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'Leaves out this many jobs first, after the cursor if there is one.' }),
});

export const jobPath = z.object({
  ensemble: z.string(),
  job: z.string().max(64).meta({ description: 'The id of the job, in F58 or as a decimal number.' }),
});

const fileSchema = z
  .object({
    path: z.string().nullable().meta({ description: 'Null for an output that the Flux instance keeps.' }),
    bytes: count
      .nullable()
      .meta({ description: 'Null for a missing file, and for an output that the Flux instance keeps.' }),
  })
  .nullable();

export const oneJobSchema = component(
  'JobWithFiles',
  'A job with its output.',
  z.object({
    job: jobSchema,
    attempts: z.int().meta({ description: 'How often the log has the job.' }),
    output: fileSchema.meta({ description: 'Null for a job without a file of its standard output.' }),
    error: fileSchema.meta({ description: 'Null where standard error has no file of its own.' }),
  }),
);

export type JobWithFiles = z.infer<typeof oneJobSchema>;

export const outputQuery = z.object({
  stream: z.enum(['output', 'error']).default('output'),
  tail: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_048_576)
    .optional()
    .meta({ description: 'Only the last bytes, at most this many. A header `Range` has priority.' }),
});
