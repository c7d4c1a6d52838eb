/** `metric`: a metric of the rule's condition has changed. The condition itself is read with `when`. */

import { counted } from '../../text/counted.js';
import { escapeControls } from '../../text/describe.js';
import { defineTrigger } from './define.js';

const description =
  'The metric `name`, or one that `when` names, changed, or a heartbeat came, and `when` holds.';

export const metric = defineTrigger({
  kind: 'metric',
  name: 'metric',
  description,
  names: [{ name: 'metric', description }],
  namePhrase: 'the metric',
  keys: {},
  lasts: 'with a condition',
  drawnAs: 'rule',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: () => ({ kind: 'metric' }),
  plan: () => ({}),
  words: {
    title: (_trigger, written, when) => escapeControls(when?.text ?? written),
    due: (_trigger, { title, when }) => when?.text ?? title,
    came: (count) => counted(count, 'change of its metrics', 'changes of its metrics'),
    nothingCame: () => 'the run ended before',
  },
});
