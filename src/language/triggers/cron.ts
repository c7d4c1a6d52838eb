/** `cron`: the next time of a cron pattern. */

import { counted } from '../../text/counted.js';
import { quote } from '../../text/describe.js';
import { nextTimes } from '../cron.js';
import { text } from '../shapes.js';
import { defineTrigger } from './define.js';

const description =
  'A time of the pattern `cron` came (minute, hour, day, month, weekday; or six fields, seconds first), in `timezone` or else in that of the process.';

export const cron = defineTrigger({
  kind: 'cron',
  name: 'cron',
  description,
  names: [{ name: 'cron', description }],
  namePhrase: null,
  keys: {
    cron: {
      shape: text(),
      description: 'When the rule is due (cron): "minute hour day month weekday".',
      required: true,
    },
    timezone: {
      shape: text(),
      description: 'Time zone of `cron`, like Europe/Berlin; that of the ensemble when absent.',
    },
  },
  lasts: 'never',
  drawnAs: 'time',
  needsHeartbeat: false,
  jobs: () => null,
  resolve: ({ cron: pattern, timezone }, place) => {
    if (pattern === null) {
      place.missing('cron', 'write the times, like "*/5 * * * *"');
      return null;
    }
    if (timezone !== null && !isTimeZone(timezone)) {
      const message = `${quote(timezone)} is not a time zone; write one like Europe/Berlin or UTC`;
      place.error('timezone', message);
      return null;
    }
    const trigger = { kind: 'cron', pattern, timezone } as const;
    try {
      if (nextTimes(trigger, Date.now() / 1000, 1).length === 0) {
        place.warning('cron', `${quote(pattern)} has no time in the future`);
      }
      return trigger;
    } catch (cause) {
      const reason = (cause as Error).message.replace(/^Cron\w*: /, '');
      const message = `${quote(pattern)} is not a cron pattern "minute hour day month weekday": ${reason}`;
      place.error('cron', message);
      return null;
    }
  },
  plan: ({ pattern, timezone }) => ({ cron: { pattern, timezone } }),
  words: {
    title: ({ pattern }) => `cron ${pattern}`,
    due: ({ pattern }) => `cron ${pattern}`,
    came: (count) => counted(count, 'time'),
    nothingCame: () => 'the run ended before',
  },
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
