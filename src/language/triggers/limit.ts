/** `limit`: a budget was reached. */

import { BUDGETS, budgetName, limitsByOwner } from '../../model/job-limits.js';
import { counted } from '../../text/counted.js';
import { quote } from '../../text/describe.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import { defineTrigger } from './define.js';

const description =
  'A limit was reached that ends submissions: `jobs`, `nodeHours`, `wall` or `failures`; `name` is one of them, or one of a group (`jobs.melt`).';

export const limit = defineTrigger({
  kind: 'limit',
  name: 'limit',
  description,
  names: [{ name: 'limit', description }],
  namePhrase: 'the limit',
  keys: {},
  lasts: 'never',
  drawnAs: 'rule',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: (_values, { name, complete, limits, groups, error }) => {
    const known = [...limitsByOwner({ limits, groups })].flatMap(([group, of]) =>
      BUDGETS.filter((budget) => of[budget] !== null).map((budget) => budgetName(budget, group)),
    );
    if (known.length === 0 && complete) {
      error(null, "no limit can be reached: add 'limits' with jobs, nodeHours, wall or failures");
    } else if (name !== null && complete && !known.includes(name)) {
      error('name', `unknown limit ${quote(name)}${didYouMean(name, known) || thereAre(known)}`);
    }
    return { kind: 'limit', limit: name };
  },
  plan: ({ limit }, { limitIndexes }) => ({ limits: limitIndexes(limit) }),
  words: {
    title: ({ limit }, written) => (limit === null ? written : `${written} ${limit}`),
    due: (_trigger, { title }) => title,
    came: (count) => counted(count, 'limit reached', 'limits reached'),
    nothingCame: () => 'no such limit was reached',
  },
});
