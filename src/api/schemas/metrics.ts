/** Metrics that rules name. */

import { z } from 'zod';
import { values } from './common.js';

export const metricsSchema = z.object({
  metrics: values.meta({
    description: 'Metrics that rules name and that no group has: p95.lammps-duration. Null without a value.',
  }),
});
