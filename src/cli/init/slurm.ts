/** A first file for Slurm. */

import type { FirstFile } from './first-file.js';

export const slurm: FirstFile = {
  about: ['Its jobs run under Slurm, in job arrays. Start it on a login node, for example in tmux.'],
  head: [
    '# Thousands of short jobs are faster in a few jobs of Slurm, as Flux instances:',
    '# member: {slurm: {pilots: 2, nodes: 1, time: 1h}}',
    '',
  ],
  job: [
    'nodes: 1                  # of each job, with tasks, cores (of a task) and gpus',
    'tasks: 1',
    'cores: 1',
    'duration: 1m              # the limit of a job',
    '# slurm: {partition: batch, account: chem42, options: [--mem=1G]}',
  ],
};
