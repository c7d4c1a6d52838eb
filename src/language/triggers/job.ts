/** `job-EVENT`: an event of a job. */

import { tellAnything } from '../../model/tells.js';
import { counted } from '../../text/counted.js';
import { quote } from '../../text/describe.js';
import { noJobGroup } from '../metric-name.js';
import { defineTrigger } from './define.js';
import { DERIVED_EVENTS, JOB_EVENTS } from './job-events.js';

const PREFIX = 'job-';

/** The event of a trigger as it is written (`finish` for `job-finish`); null for another trigger. */
export function jobEventOf(written: string): string | null {
  return written.startsWith(PREFIX) ? written.slice(PREFIX.length) : null;
}

export const job = defineTrigger({
  kind: 'job',
  name: 'job-EVENT',
  description:
    'An event of a job came, of the group `name` or else of any group: an event of RFC 21 (`job-submit`, `job-start`, `job-finish`, `job-exception` and others), or one of those below.',
  names: Object.entries({ ...JOB_EVENTS, ...DERIVED_EVENTS }).map(([event, description]) => ({
    name: `${PREFIX}${event}`,
    description,
  })),
  namePhrase: 'the job group',
  keys: {},
  lasts: 'never',
  drawnAs: 'rule',
  needsHeartbeat: false,
  jobs: ({ group }) => ({ group }),
  resolve: (_values, place) => {
    const { written, name: group, groups, groupNames, complete } = place;
    const event = jobEventOf(written) ?? written;
    if (group !== null && complete && !groupNames.has(group)) {
      place.error('name', noJobGroup(group, groupNames));
    }
    if (event === 'stalled' && complete) {
      const watched = [...groups.values()].filter(({ name }) => group === null || name === group);
      if (watched.every(({ stalled }) => stalled === null)) {
        const which =
          group === null ? 'no job group defines' : `the job group ${quote(group)} does not define`;
        place.error(null, `${which} when a job counts as stalled: add 'stalled: 30m' to its jobs`);
      }
    }
    if (event === 'tell' && complete) {
      const telling = [...groups.values()].filter(({ name }) => group === null || name === group);
      if (!telling.some(({ tells }) => tellAnything(tells))) {
        const which = group === null ? 'no job group has' : `the job group ${quote(group)} does not have`;
        place.error(null, `${which} values that jobs tell: add 'tell: [energy]' to its jobs`);
      }
    }
    return { kind: 'job', event, group };
  },
  plan: ({ event, group }, { groupIndex }) => ({
    event,
    ...(group === null ? {} : { group: groupIndex(group) }),
  }),
  words: {
    title: (_trigger, written) => written,
    due: ({ group }, { triggerText }) => (group === null ? triggerText : `${triggerText} of ${group}`),
    came: (count, written) => counted(count, `${written} event`),
    nothingCame: ({ event }) => (event === 'stalled' ? 'no job stalled' : 'no such event came'),
  },
});
