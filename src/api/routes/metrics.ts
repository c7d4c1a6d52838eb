/** Metrics that rules name. */

import { route } from '../route.js';
import { ensemblePath } from '../schemas/common.js';
import { metricsSchema } from '../schemas/metrics.js';
import { presentEnsemble } from './shared.js';

export const metrics = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/metrics',
    operation: 'getMetrics',
    summary: 'Metrics that rules name, and that no group has.',
    path: ensemblePath,
    answer: metricsSchema,
    handle: async ({ path }, { source }) => {
      const { feed } = await presentEnsemble(source, path);
      return { metrics: Object.fromEntries(feed.metrics.values()) };
    },
  }),
];
