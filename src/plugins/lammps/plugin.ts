/** The plugin `lammps`: jobs that run LAMMPS, and a check of their logs. */

import { z } from 'zod';
import { showWords } from '../../language/fill.js';
import { formatJobId } from '../../model/job-id.js';
import { describeFaults } from '../../text/result.js';
import { definePlugin, type PluginJob } from '../define.js';
import { describeUnread, judge, type LogCondition, lastOf, readCondition } from './conditions.js';
import { readLog } from './log.js';

/** Conditions that must hold together. */
const conditions = z
  .record(z.string(), z.union([z.string(), z.number()], { error: 'must be a condition, like "max > 500"' }), {
    error: 'must be a mapping of thermo columns to conditions',
  })
  .transform((written, context) =>
    Object.entries(written).flatMap(([key, value]): LogCondition[] => {
      const condition = readCondition(key, value);
      if (condition.ok) return [condition.value];
      context.addIssue({ code: 'custom', path: [key], message: describeFaults(condition) });
      return [];
    }),
  );

const action = z.record(z.string(), z.unknown(), { error: 'must be an action, or a list of actions' });
const actions = z.union([action, z.array(action)], { error: 'must be an action, or a list of actions' });

const checkOptions = z
  .strictObject({
    /** The log, relative to the job's working directory. Defaults to its standard output, or log.lammps. */
    log: z.string().min(1).optional(),
    /** The rows that count: those of the last run, or of all runs. */
    runs: z.enum(['last', 'all']).default('last'),
    /** The condition: one mapping, or a list of which one must hold. */
    when: z.union([conditions, z.array(conditions)], {
      error: 'must be a mapping of thermo columns to conditions',
    }),
    // biome-ignore lint/suspicious/noThenProperty: a key of rules; the options are not awaited
    then: actions.optional(),
    else: actions.optional(),
  })
  .refine((options) => options.then !== undefined || options.else !== undefined, {
    error: 'has neither `then` nor `else`, so it would have no effect; add one of them',
  });

const thermoOptions = z.strictObject({
  /** As in `check`. */
  log: z.string().min(1).optional(),
  /** Thermo columns, or other facts of `check`, by their names in rules. */
  columns: z
    .record(z.string(), z.string().min(1))
    .default({ temperature: 'Temp', energy: 'TotEng', wall_time: 'wall-time' }),
});

const jobOptions = z.strictObject({
  /** The input script. */
  input: z.string().min(1),
  binary: z.string().min(1).default('lmp'),
  /** Index variables of the script: `-var T 300`. */
  variables: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  /** Further command-line options. */
  options: z.array(z.string()).default([]),
});

function logOf(job: PluginJob | null, log: string | undefined): string {
  if (job === null)
    throw new Error('it needs the event of a job; use a trigger like job-finish, of a group of the file');
  return log === undefined ? (job.output ?? job.path('log.lammps')) : job.path(log);
}

export const plugin = definePlugin({
  name: 'lammps',
  actions: {
    check: {
      description: "Reads the log of the event's job, and performs `then` or `else`.",
      options: checkOptions,
      named: ({ log: _log, runs: _runs, when: _when, ...named }) => named,
      async run({ options, job }) {
        const log = await readLog(logOf(job, options.log));
        const run = log[options.runs];
        const alternatives = Array.isArray(options.when[0]) ? options.when : [options.when];
        const judged = (alternatives as LogCondition[][]).map((all) =>
          all.map((one) => judge(one, log, run)),
        );
        const holds = judged.some((all) => all.every((one) => one.holds));
        const text = judged.map((all) => all.map((one) => one.text).join(', ')).join(' or ');
        const id = job === null ? '' : formatJobId(job.id);
        console.log(`lammps.check ${id}: ${text}: ${holds ? 'yes' : 'no'}`);
        for (const unread of log.unread) console.log(`lammps.check ${id}: ${describeUnread(unread)}`);
        for (const { message, file, line } of log.errors) {
          console.log(`lammps.check ${id}: ERROR: ${message}${file === null ? '' : ` (${file}:${line})`}`);
        }
        return (holds ? options.then : options.else) ?? null;
      },
    },
  },
  probes: {
    thermo: {
      description: 'Measures the last row of the thermodynamic output, and the wall time of the job.',
      options: thermoOptions,
      values: ({ columns }) => Object.keys(columns),
      async read({ options, job }) {
        const log = await readLog(logOf(job, options.log));
        const values = Object.entries(options.columns).map(([name, key]) => {
          return [name, lastOf(key, log, log.last)];
        });
        return Object.fromEntries(values);
      },
    },
  },
  jobs: {
    job: {
      description: 'A run of LAMMPS that writes a separate log for each job.',
      options: jobOptions,
      defaults: ({ input, binary, variables, options }) => {
        const values = Object.entries(variables).flatMap(([name, value]) => ['-var', name, String(value)]);
        return {
          command: showWords([binary, '-in', input, '-log', 'none', ...values, ...options]),
          output: 'log.{{id}}.lammps',
        };
      },
    },
  },
});
