/** Firings, problems and failures. */

import { route } from '../route.js';
import { ensemblePath } from '../schemas/common.js';
import { failuresSchema } from '../schemas/failure.js';
import { firingsSchema, problemsSchema } from '../schemas/happening.js';
import { presentEnsemble } from './shared.js';

const of = { method: 'get', path: ensemblePath } as const;

export const happenings = [
  route({
    ...of,
    url: '/ensembles/{ensemble}/firings',
    operation: 'listFirings',
    summary: 'The latest firings.',
    answer: firingsSchema,
    handle: async ({ path }, { source }) => {
      const { values, earlier } = (await presentEnsemble(source, path)).feed.firings;
      return { firings: values, earlier };
    },
  }),
  route({
    ...of,
    url: '/ensembles/{ensemble}/problems',
    operation: 'listProblems',
    summary: 'The latest problems.',
    answer: problemsSchema,
    handle: async ({ path }, { source }) => {
      const { values, earlier } = (await presentEnsemble(source, path)).feed.problems;
      return { problems: values, earlier };
    },
  }),
  route({
    ...of,
    url: '/ensembles/{ensemble}/failures',
    operation: 'listFailures',
    summary: 'Why jobs failed, by group and reason.',
    answer: failuresSchema,
    handle: async ({ path }, { source }) => {
      const { feed } = await presentEnsemble(source, path);
      const failures = feed.failures.values().filter(({ failed, canceled }) => failed + canceled > 0);
      return { failures };
    },
  }),
];
