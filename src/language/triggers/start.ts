/** `start`: once, at the start of the ensemble. */

import { counted } from '../../text/counted.js';
import { defineTrigger } from './define.js';

const description = 'The ensemble started; happens once.';

export const start = defineTrigger({
  kind: 'start',
  name: 'start',
  description,
  names: [{ name: 'start', description }],
  namePhrase: null,
  keys: {},
  lasts: 'never',
  drawnAs: 'start',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: () => ({ kind: 'start' }),
  plan: () => ({}),
  words: {
    title: (_trigger, written) => written,
    due: (_trigger, { title }) => title,
    came: (count) => counted(count, 'time'),
    nothingCame: (_trigger, { in: states }) =>
      states.length > 0 ? 'the ensemble began in another state' : 'the run did not begin',
  },
});
