/** `interval`: a length of time has passed, counted from the start. */

import { counted } from '../../text/counted.js';
import { durationSeconds, formatDuration } from '../../text/duration.js';
import { duration } from '../shapes.js';
import { defineTrigger } from './define.js';

const description = 'The time `interval` passed, counted from the start.';

export const interval = defineTrigger({
  kind: 'interval',
  name: 'interval',
  description,
  names: [{ name: 'interval', description }],
  namePhrase: null,
  keys: {
    interval: {
      shape: duration(),
      description: 'The time between two firings (interval).',
      required: true,
    },
  },
  lasts: 'never',
  drawnAs: 'time',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: ({ interval }, place) => {
    if (interval !== null) return { kind: 'interval', seconds: durationSeconds(interval) };
    place.missing('interval', 'write the time between firings, like 1m');
    return null;
  },
  plan: ({ seconds }) => ({ interval: seconds }),
  words: {
    title: ({ seconds }) => `every ${formatDuration(seconds)}`,
    due: ({ seconds }) => `every ${formatDuration(seconds)}`,
    came: (count) => counted(count, 'time'),
    nothingCame: () => 'the run ended before',
  },
});
