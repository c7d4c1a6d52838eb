/** Plots of the jobs of a run that has a folder. */

import { route } from '../route.js';
import { ensemblePath } from '../schemas/common.js';
import {
  heatMapQuery,
  heatMapSchema,
  scatterQuery,
  scatterSchema,
  timelineQuery,
  timelineSchema,
  variablesQuery,
  variablesSchema,
} from '../schemas/plot.js';
import { filterOf, folderOf, json } from './jobs.js';

export const plots = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/timeline',
    operation: 'getTimeline',
    summary:
      'Running and pending jobs and the slots or nodes in use over time, and the jobs that started last.',
    path: ensemblePath,
    query: timelineQuery,
    answer: timelineSchema,
    handle: async ({ path, query }, services) => {
      const { parts, latest } = query;
      const request = { kind: 'timeline' as const, ...filterOf(query), parts, latest };
      const found = await services.jobs.ask(folderOf(services, path.ensemble), request);
      const size = services.source.find(path.ensemble).feed.ensemble?.size ?? null;
      const plain = ({ means, ...rest }: { readonly means: Float64Array }) => ({
        ...rest,
        means: [...means],
      });
      const { timeline: of, latest: list, ...rest } = found;
      const timeline =
        of === null
          ? null
          : {
              ...of.span,
              running: plain(of.running),
              pending: plain(of.pending),
              used: of.used === null ? null : { ...plain(of.used), size },
            };
      // The jobs are JSON already.
      return json(`{"latest":${list},${JSON.stringify({ ...rest, timeline }).slice(1)}`);
    },
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/variables',
    operation: 'getVariables',
    summary: 'The parameters, measured values and times of jobs that plots can compare.',
    path: ensemblePath,
    query: variablesQuery,
    answer: variablesSchema,
    handle: async ({ path, query }, services) => {
      const request = { kind: 'variables' as const, ...filterOf(query) };
      const { variables, ...rest } = await services.jobs.ask(folderOf(services, path.ensemble), request);
      return { ...rest, variables: [...variables] };
    },
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/heatmap',
    operation: 'getHeatMap',
    summary: 'The mean of a measure for each value of a column, or each pair of values of two columns.',
    path: ensemblePath,
    query: heatMapQuery,
    answer: heatMapSchema,
    handle: async ({ path, query }, services) => {
      const { x, y = null, value } = query;
      const request = { kind: 'heatMap' as const, ...filterOf(query), x, y, value };
      const found = await services.jobs.ask(folderOf(services, path.ensemble), request);
      return json(JSON.stringify(found));
    },
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/scatter',
    operation: 'getScatter',
    summary: 'Two numbers of each job, of a random sample of many jobs, and their means over all jobs.',
    path: ensemblePath,
    query: scatterQuery,
    answer: scatterSchema,
    handle: async ({ path, query }, services) => {
      const { x, y, color = null, points } = query;
      const request = { kind: 'scatter' as const, ...filterOf(query), x, y, color, points };
      const found = await services.jobs.ask(folderOf(services, path.ensemble), request);
      return json(JSON.stringify(found));
    },
  }),
];
