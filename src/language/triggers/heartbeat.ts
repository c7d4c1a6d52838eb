/** `heartbeat`: the time between two heartbeats has passed. */

import { counted } from '../../text/counted.js';
import { defineTrigger } from './define.js';

const description = 'The time `logging.heartbeat` passed.';

export const heartbeat = defineTrigger({
  kind: 'heartbeat',
  name: 'heartbeat',
  description,
  names: [{ name: 'heartbeat', description }],
  namePhrase: null,
  keys: {},
  lasts: 'never',
  drawnAs: 'time',
  needsHeartbeat: true,
  jobs: () => null,
  resolve: () => ({ kind: 'heartbeat' }),
  plan: () => ({}),
  words: {
    title: (_trigger, written) => written,
    due: (_trigger, { title }) => title,
    came: (count) => counted(count, 'heartbeat'),
    nothingCame: () => 'no heartbeat came',
  },
});
