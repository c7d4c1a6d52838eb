/** `state`: the ensemble has entered a state or, with `for`, has been in it for that long. */

import { counted } from '../../text/counted.js';
import { defineTrigger } from './define.js';

const description = 'The ensemble entered the state `name`; with `for`, it has been in it for that time.';

export const state = defineTrigger({
  kind: 'state',
  name: 'state',
  description,
  names: [{ name: 'state', description }],
  namePhrase: 'the state',
  keys: {},
  lasts: 'always',
  drawnAs: 'rule',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: (_values, place) => {
    if (place.name === null) {
      place.missing('name', 'write the state');
      return null;
    }
    const found = place.state(place.name);
    return found === null ? null : { kind: 'state', state: found };
  },
  plan: ({ state }, { stateIndex }) => ({ enter: stateIndex(state) }),
  words: {
    title: (_trigger, written) => written,
    due: ({ state }) => `state ${state}`,
    came: (count) => counted(count, 'entry into it', 'entries into it'),
    nothingCame: () => 'the ensemble was never in it',
  },
});
