/** `group-done`: a group has nothing left to do. */

import { counted } from '../../text/counted.js';
import { noJobGroup } from '../metric-name.js';
import { defineTrigger } from './define.js';

const description =
  'The group `name` has had jobs, and has nothing pending, running, queued or to be submitted again.';

export const groupDone = defineTrigger({
  kind: 'group-done',
  name: 'group-done',
  description,
  names: [{ name: 'group-done', description }],
  namePhrase: 'the job group',
  keys: {},
  lasts: 'never',
  drawnAs: 'rule',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: (_values, { name, groupNames, complete, missing, error }) => {
    if (name === null) {
      missing('name', 'write the job group');
      return null;
    }
    if (complete && !groupNames.has(name)) error('name', noJobGroup(name, groupNames));
    return { kind: 'group-done', group: name };
  },
  plan: ({ group }, { groupIndex }) => ({ group: groupIndex(group) }),
  words: {
    title: ({ group }, written) => `${written} ${group}`,
    due: (_trigger, { title }) => title,
    came: (count) => counted(count, 'end of the group', 'ends of the group'),
    nothingCame: ({ group }) => `the group ${group} was never done`,
  },
});
