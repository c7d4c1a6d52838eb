/** Describes a run in its folder: what run it is, and how it ended. */

import { parse } from 'node:path';
import type { EnsembleConfig } from '../model/ensemble.js';
import { DEFAULT_LOG_LIMIT, DEFAULT_OUTPUT_LIMIT } from '../model/kept-files.js';
import type { RunConclusion, RunFolder, RunManifest } from '../store/run-folder.js';
import type { RunEnd } from './end-of-run.js';
import type { EnsembleOptions } from './options.js';
import type { RunResult } from './result.js';

const STATES: Readonly<Record<RunEnd, RunManifest['state']>> = {
  idle: 'done',
  terminated: 'terminated',
  interrupted: 'interrupted',
  stopped: 'stopped',
  failed: 'failed',
};

export interface DescribedRun {
  readonly config: EnsembleConfig;
  readonly id: string;
  readonly memberName: string;
}

/** Returns the name of a run: the given one, or that of its file. */
export function nameOf({ name }: EnsembleOptions, { file }: EnsembleConfig): string {
  return name ?? (file === null ? 'ensemble' : parse(file).name);
}

/** Returns the description of a run that begins. */
export function descriptionOf(
  { config, id, memberName }: DescribedRun,
  options: EnsembleOptions,
): Parameters<RunFolder['begin']>[0] {
  const { uri, slots, grace, watch, validateAll } = options;
  const { durability = 'process' } = options;
  const { outputLimit = DEFAULT_OUTPUT_LIMIT, logLimit = DEFAULT_LOG_LIMIT } = options;
  return {
    name: nameOf(options, config),
    file: config.file ?? '',
    ensemble: id,
    member: memberName,
    uri: memberName === 'local' || memberName === 'slurm' ? null : (uri ?? process.env.FLUX_URI ?? null),
    rules: config.rules.map(({ title }) => title),
    options: {
      slots: slots ?? null,
      grace: grace ?? null,
      watch: watch === true,
      validateAll: validateAll === true,
      durability,
      outputLimit,
      logLimit,
      slurmInterval: options.slurmInterval ?? null,
      instances: options.instances ?? null,
    },
  };
}

/** Returns how a run ended. */
export function conclusionOf({ end, metrics, failedJobs }: RunResult): RunConclusion {
  // A job that was submitted again counts once.
  const jobs = [...metrics.groups.values()].reduce(
    (sum, { count }) => sum + count.submitted - count.retried,
    0,
  );
  return { state: STATES[end], counts: { jobs, failed: failedJobs } };
}
