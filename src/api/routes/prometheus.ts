/** Metrics for Prometheus. */

import { familiesOf } from '../metrics/families.js';
import { formatFor, METRICS_TYPES } from '../metrics/formats.js';
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
    types: METRICS_TYPES,
    handle: async ({ headers }, { source }) => {
      const all = source.all().slice(0, MOST);
      await Promise.all(all.map((ensemble) => ensemble.refresh()));
      const { contentType, write } = formatFor(headers.get('accept') ?? '');
      return new Response(await write(familiesOf(all)), { headers: { 'content-type': contentType } });
    },
  }),
];
