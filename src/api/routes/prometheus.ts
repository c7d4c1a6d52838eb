/** Metrics for Prometheus. */

import { familiesOf } from '../metrics/families.js';
import { metricsText, OPENMETRICS, PLAIN } from '../metrics/text.js';
import { route } from '../route.js';

/** Ensembles in one answer, the first ones. */
const MOST = 500;

export const prometheus = [
  route({
    method: 'get',
    url: '/prometheus',
    operation: 'getPrometheus',
    summary:
      'Metrics of all ensembles for Prometheus, which have not ended; a listener has them at /metrics too.',
    answer: null,
    types: ['application/openmetrics-text', 'text/plain'],
    handle: async ({ headers }, { source }) => {
      const all = source.all().slice(0, MOST);
      await Promise.all(all.map((ensemble) => ensemble.refresh()));
      const openMetrics = /application\/openmetrics-text/.test(headers.get('accept') ?? '');
      return new Response(metricsText(familiesOf(all), openMetrics), {
        headers: { 'content-type': openMetrics ? OPENMETRICS : PLAIN },
      });
    },
  }),
];
