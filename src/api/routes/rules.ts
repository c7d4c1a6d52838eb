/** Rules. */

import { z } from 'zod';
import { route } from '../route.js';
import { ensemblePath } from '../schemas/common.js';
import { ruleSchema, rulesSchema } from '../schemas/rule.js';
import { notFound, presentEnsemble } from './shared.js';

export const rules = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/rules',
    operation: 'listRules',
    summary: 'All rules as they stand.',
    path: ensemblePath,
    answer: rulesSchema,
    handle: async ({ path }, { source }) => ({
      rules: (await presentEnsemble(source, path)).feed.rules.values(),
    }),
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/rules/{rule}',
    operation: 'getRule',
    summary: 'One rule.',
    path: ensemblePath.extend({ rule: z.string().meta({ description: 'Its index.' }) }),
    answer: ruleSchema,
    handle: async ({ path }, { source }) => {
      const { feed } = await presentEnsemble(source, path);
      const found = feed.rules.get(path.rule);
      if (found === undefined) throw notFound('rule', path.rule, feed.rules.keys());
      return found;
    },
  }),
];
