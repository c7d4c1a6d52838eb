/** Ensembles. */

import { route } from '../route.js';
import { ensemblePath } from '../schemas/common.js';
import { type EnsembleResource, ensembleSchema, ensemblesSchema } from '../schemas/ensemble.js';
import { presentEnsemble } from './shared.js';

export const ensembles = [
  route({
    method: 'get',
    url: '/ensembles',
    operation: 'listEnsembles',
    summary: 'All ensembles.',
    answer: ensemblesSchema,
    handle: async (_request, { source }) => ({ ensembles: [...(await source.list())] }),
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}',
    operation: 'getEnsemble',
    summary: 'One ensemble.',
    path: ensemblePath,
    answer: ensembleSchema,
    handle: async ({ path }, { source }) =>
      (await presentEnsemble(source, path)).feed.ensemble as EnsembleResource,
  }),
];
