/** A first file for Flux. */

import type { FirstFile } from './first-file.js';

export const flux: FirstFile = {
  about: ['Its jobs run under Flux, in the instance in which `ensemble run` is started.'],
  head: [
    '# Many short jobs are faster in Flux instances of their own:',
    '# member: {flux: {instances: 4}}',
    '',
  ],
  job: [
    'nodes: 1                  # of each job, with tasks, cores (of a task) and gpus',
    'tasks: 1',
    'cores: 1',
    'duration: 1m              # the limit of a job',
    '# queue: batch            # where the instance has queues',
  ],
};
