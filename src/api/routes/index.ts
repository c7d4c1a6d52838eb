/** All routes below /api/v1. */

import type { Route } from '../route.js';
import { actions } from './actions.js';
import { caller } from './caller.js';
import { ensembles } from './ensembles.js';
import { events } from './events.js';
import { file } from './file.js';
import { groups } from './groups.js';
import { happenings } from './happenings.js';
import { jobs } from './jobs.js';
import { metrics } from './metrics.js';
import { output } from './output.js';
import { plots } from './plots.js';
import { prometheus } from './prometheus.js';
import { rules } from './rules.js';

export const routes: readonly Route[] = [
  ...ensembles,
  ...groups,
  ...metrics,
  ...rules,
  ...happenings,
  ...jobs,
  ...output,
  ...plots,
  ...actions,
  ...file,
  ...caller,
  ...events,
  ...prometheus,
];
