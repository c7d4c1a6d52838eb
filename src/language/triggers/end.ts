/** `end`: the run comes to its end. */

import { counted } from '../../text/counted.js';
import { defineTrigger } from './define.js';

const description =
  'Nothing is left to do, or a rule or a request has terminated the run. The run ends after the action.';

export const end = defineTrigger({
  kind: 'end',
  name: 'end',
  description,
  names: [{ name: 'end', description }],
  namePhrase: null,
  keys: {},
  lasts: 'never',
  drawnAs: 'rule',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: () => ({ kind: 'end' }),
  plan: () => ({}),
  words: {
    title: (_trigger, written) => written,
    due: (_trigger, { title }) => title,
    came: (count) => counted(count, 'end'),
    nothingCame: () => 'the run did not come to its end',
  },
});
