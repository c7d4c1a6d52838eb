/** Groups, and the distributions of their times. */

import { z } from 'zod';
import { coarser, stateQuantile } from '../../engine/mergeable.js';
import type { StreamState } from '../../model/metrics.js';
import { ApiProblem } from '../problem.js';
import { route } from '../route.js';
import { ensemblePath, pageQuery } from '../schemas/common.js';
import { groupSchema, groupsSchema, type histogramSchema, histogramsSchema } from '../schemas/group.js';
import { checkedPage, notFound, presentEnsemble } from './shared.js';

const groupPath = ensemblePath.extend({ group: z.string() });

const bucketsQuery = z.object({
  buckets: z.coerce.number().int().min(2).max(4096).default(4096).meta({
    description: 'At most this many buckets; pairs are merged until they are few enough, or at scale 0.',
  }),
});

function histogramOf(state: StreamState, most: number): z.infer<typeof histogramSchema> {
  const { count, sum, min, max, zeros } = state;
  const { scale, first, buckets } = coarser(state, most);
  return {
    ...{ count, sum, zeros, scale, first, buckets: [...buckets] },
    min: count === 0 ? null : min,
    max: count === 0 ? null : max,
    quantiles: {
      p50: stateQuantile(state, 0.5),
      p95: stateQuantile(state, 0.95),
      p99: stateQuantile(state, 0.99),
    },
  };
}

export const groups = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/groups',
    operation: 'listGroups',
    summary: 'Groups with their counts and statistics, in the order of their first appearance.',
    path: ensemblePath,
    query: pageQuery,
    answer: groupsSchema,
    handle: async ({ path, query }, { source }) => {
      const { page, next } = checkedPage((await presentEnsemble(source, path)).feed.groups.values(), query);
      return { groups: [...page], next };
    },
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/groups/{group}',
    operation: 'getGroup',
    summary: 'One group.',
    path: groupPath,
    answer: groupSchema,
    handle: async ({ path }, { source }) => {
      const { feed } = await presentEnsemble(source, path);
      const found = feed.groups.get(path.group);
      if (found === undefined) throw notFound('group', path.group, feed.groups.keys());
      return found;
    },
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/groups/{group}/histograms',
    operation: 'getHistograms',
    summary: "The distributions of a group's times, where the run keeps sketches.",
    path: groupPath,
    query: bucketsQuery,
    answer: histogramsSchema,
    handle: async ({ path: { group, ...path }, query: { buckets } }, { source }) => {
      const ensemble = await presentEnsemble(source, path);
      const { feed } = ensemble;
      if (feed.groups.get(group) === undefined) throw notFound('group', group, feed.groups.keys());
      const found = ensemble.distributions(group);
      if (found === null) {
        throw new ApiProblem(
          'ERR_RUN',
          'this run keeps no sketches; the option `sketches` of an ensemble keeps them',
        );
      }
      const { duration, pending } = found;
      return { group, duration: histogramOf(duration, buckets), pending: histogramOf(pending, buckets) };
    },
  }),
];
