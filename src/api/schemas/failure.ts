/** The reasons why jobs failed. */

import { z } from 'zod';
import { component, count } from './common.js';

const failedJobSchema = component(
  'FailedJob',
  'A failed job; null for unknown facts.',
  z.object({
    job: z.string().meta({ description: 'In F58.' }),
    jobid: z.string().meta({ description: 'The same as a decimal number.' }),
    parameters: z.record(z.string(), z.unknown()).nullable(),
    line: z.string().nullable().meta({ description: 'The last line on its standard error.' }),
    output: z.string().nullable().meta({ description: 'Path of the file with its standard output.' }),
    error: z.string().nullable(),
  }),
);

export const failuresOfGroupSchema = component(
  'FailuresOfGroup',
  'Jobs of a group whose last attempt failed, and jobs that were canceled from outside of the run.',
  z.object({
    group: z.string(),
    failed: count,
    canceled: count,
    jobs: count.meta({ description: 'Jobs of the group; one that was submitted again counts once.' }),
    reasons: z
      .array(
        z.object({
          reason: z.string(),
          exception: z.string().nullable(),
          note: z.string().nullable(),
          exitStatus: z.int().nullable(),
          signal: z.string().nullable(),
          count,
          lines: z.array(z.string()).meta({ description: 'Different last lines of some of the jobs.' }),
          jobs: z.array(failedJobSchema).meta({ description: 'The first of the jobs.' }),
        }),
      )
      .meta({ description: 'The most frequent one first.' }),
  }),
);
export type FailuresOfGroup = z.infer<typeof failuresOfGroupSchema>;

export const failuresSchema = z.object({ failures: z.array(failuresOfGroupSchema) });
