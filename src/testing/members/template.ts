/** Jobs for checks. */

import type { JobTemplate } from '../../model/ensemble.js';

/** A job of one core, with the defaults of an ensemble file. */
export function job(command: readonly string[], changes: Partial<JobTemplate> = {}): JobTemplate {
  return {
    group: 'checked',
    command,
    workdir: null,
    inheritEnvironment: true,
    environment: {},
    nodes: 1,
    tasks: 1,
    cores: 1,
    gpus: 0,
    duration: 0,
    urgency: 16,
    queue: null,
    bank: null,
    output: null,
    error: null,
    tells: false,
    attributes: {},
    slurm: null,
    entry: 0,
    parameters: {},
    values: null,
    ...changes,
  };
}

/** A job that runs a script. */
export const script = (text: string, changes: Partial<JobTemplate> = {}) => job(['sh', '-c', text], changes);

export const quick = job(['true']);
/** Longer than any check. */
export const endless = job(['sleep', '3000']);
