/** Describes a run in its folder: what run it is, and how it ended. */

import { parse } from 'node:path';
import type { EnsembleConfig } from '../model/ensemble.js';
import { DEFAULT_OUTPUT_LIMIT } from '../model/kept-files.js';
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

/** Returns the description of a run that begins. */
export function descriptionOf(
  { config, id, memberName }: DescribedRun,
  {
    name,
    uri,
    slots,
    grace,
    watch,
    validateAll,
    durability = 'process',
    outputLimit = DEFAULT_OUTPUT_LIMIT,
  }: EnsembleOptions,
): Parameters<RunFolder['begin']>[0] {
  return {
    name: name ?? (config.file === null ? 'ensemble' : parse(config.file).name),
    file: config.file ?? '',
    ensemble: id,
    member: memberName,
    uri: memberName === 'local' ? null : (uri ?? process.env.FLUX_URI ?? null),
    rules: config.rules.map(({ title }) => title),
    options: {
      slots: slots ?? null,
      grace: grace ?? null,
      watch: watch === true,
      validateAll: validateAll === true,
      durability,
      outputLimit,
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
