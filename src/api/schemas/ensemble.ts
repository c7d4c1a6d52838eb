/** Ensembles. */

import { z } from 'zod';
import { COUNTS, type Count } from '../../model/metric-names.js';
import { component, count, seconds, time } from './common.js';

export const countsSchema = component(
  'Counts',
  'Numbers of jobs. `pending`, `running` and `queued` (held back by a limit) rise and fall, the others only grow.',
  z.object(Object.fromEntries(COUNTS.map((name) => [name, count])) as Record<Count, typeof count>),
);

/** `starting`: the run has not begun. `ending`: it has come to its end, and its jobs are being canceled. */
export const STATUSES = ['starting', 'running', 'paused', 'ending', 'ended', 'lost'] as const;

export const endSchema = component(
  'End',
  'The end of a run.',
  z.object({
    end: z.string().meta({ description: 'idle, terminated, interrupted, stopped or failed.' }),
    error: z.string().meta({ description: 'The error that ended it; empty without one.' }),
    by: z
      .string()
      .meta({ description: 'The cause in words, for terminated and stopped; empty without one.' }),
  }),
);

export const ensembleSchema = component(
  'Ensemble',
  'A run of an ensemble.',
  z.object({
    id: z.string().meta({ description: "Unique; the run's jobs carry it in attributes.user.ensemble." }),
    name: z.string(),
    run: z
      .string()
      .nullable()
      .meta({ description: 'Id of its folder for `ensemble jobs`; null without one.' }),
    status: z.enum(STATUSES).meta({
      description:
        'starting: the run has not begun. ending: its jobs are being canceled. lost: the service has not heard from it.',
    }),
    member: z.string().meta({ description: 'local, flux, minicluster or another name.' }),
    size: z.int().nullable().meta({ description: 'Slots or nodes of the member; null for an unknown size.' }),
    paused: z.boolean().meta({ description: 'The actions of rules wait.' }),
    state: z.string().nullable().meta({ description: 'The present state; null without states.' }),
    states: z.array(z.string()).nullable().meta({ description: 'All states; null where they are unknown.' }),
    started: time.nullable(),
    updated: time,
    elapsed: seconds.nullable().meta({ description: 'Seconds since the run began, or that it lasted.' }),
    counts: countsSchema.meta({ description: 'Over all groups.' }),
    groups: z.int().meta({ description: 'Number of groups.' }),
    totals: z.object({
      records: count,
      events: count.meta({ description: 'Events in all records.' }),
      trackedEvents: count.meta({ description: 'Events of jobs of the ensemble.' }),
      firings: count,
      decodeErrors: count,
      lostJobs: count,
      activeJobs: count,
      following: z.boolean().nullable().meta({
        description:
          'The events of the member arrive: the stream has caught up, and is not interrupted. Null where it is unknown.',
      }),
      logLag: seconds.nullable().meta({
        description: 'Seconds since the oldest write to the log that is not on the disk; null without a log.',
      }),
    }),
    end: endSchema.nullable().meta({ description: 'Null before the end.' }),
    host: z.string(),
    user: z.string(),
    pid: z.int(),
    file: z.string().nullable().meta({ description: 'Path of its file; null without one.' }),
    version: z.string().meta({ description: 'The version of flux-ensemble.' }),
  }),
);
export type EnsembleResource = z.infer<typeof ensembleSchema>;

export const ensemblesSchema = z.object({ ensembles: z.array(ensembleSchema) });
