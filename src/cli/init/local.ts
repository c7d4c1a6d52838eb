/** A first file for the local member. */

import type { FirstFile } from './first-file.js';

export const local: FirstFile = {
  about: ['Its jobs are processes of this machine, as many at once as their cores allow (run --slots).'],
  head: [],
  job: ['cores: 1', 'duration: 1m              # a job that takes longer is ended'],
};
