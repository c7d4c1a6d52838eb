import { describe, expect, test } from 'vitest';
import { meantDuration } from '../../../src/text/duration.js';
import { diagnose, read, single, withJob, withRules } from '../../support/config.js';

const TIMES = [
  ['90s', 90],
  ['1h', 3600],
  ['1.5 h', 5400],
  ['2d', 172_800],
  ['250ms', 0.25],
  [90, 90],
] as const;

/** The only job of a configuration. */
const jobOf = (job: object) => [...read(withJob(job)).config.groups.values()][0]?.entries[0];
const actionOf = (action: object) =>
  read({ ...withRules({ trigger: 'start', action }), custom: 'function f() {}' }).config.rules[0]?.action;

describe('every duration takes the same units', () => {
  test.each(TIMES)('%s', (time, seconds) => {
    expect(jobOf({ duration: time })?.duration).toBe(seconds);
    expect(jobOf({ duration: '{{x}}', parameters: { x: time } })?.duration).toBe(seconds);
    expect(actionOf({ name: 'custom', label: 'f', timeout: time })).toMatchObject({ timeout: seconds });
    const rules = [{ trigger: 'interval', interval: time, cooldown: time, action: { name: 'terminate' } }];
    const { config } = read({ ...withRules(...rules), logging: { heartbeat: time } });
    expect(config.heartbeat).toBe(seconds);
    expect(config.rules[0]).toMatchObject({ trigger: { seconds }, cooldown: seconds });
  });

  test('and in a template too', () => {
    expect(jobOf({ duration: '{{hours}}h', parameters: { hours: 2 } })?.duration).toBe(7200);
    expect(single(withJob({ duration: '{{x}}', parameters: { x: 'long' } }))).toContain(
      "must be a duration like 30s or 2h, or a number of seconds; {{x}} is the string 'long' (x=long)",
    );
    expect(single(withJob({ nodes: '{{x}}', parameters: { x: '2h' } }))).toContain('must be an integer');
  });

  test('and 0 only where it has a meaning', () => {
    expect(jobOf({ duration: '0s' })?.duration).toBe(0);
    expect(read({ ...withRules(), logging: { heartbeat: '0s' } }).config.heartbeat).toBe(0);
    expect(
      diagnose(withRules({ trigger: 'interval', interval: '0s', action: { name: 'terminate' } })),
    ).toHaveLength(1);
  });

  test('and no more than the longest timer', () => {
    expect(
      single({
        ...withRules(),
        logging: { heartbeat: '25d' },
        rules: [{ trigger: 'start', action: { name: 'terminate' } }],
      }),
    ).toMatch(/must be a duration .*2147483s at most; found the string '25d'/);
  });
});

describe('a duration in the form of another tool', () => {
  test.each([
    ['01:30:00', '90m'],
    ['1-12:00:00', '36h'],
    ['2-00:00', '2d'],
    ['90:00', '90m'],
    ['1h30m', '90m'],
    ['2 hours', '2h'],
    ['1H', '1h'],
    ['5 min', '5m'],
    ['300 msec', '300ms'],
  ])('%s is suggested as %s', (text, meant) => {
    expect(meantDuration(text)).toBe(meant);
    expect(single(withJob({ duration: text }))).toMatch(
      new RegExp(`found the string '${text}'; write ${meant}$`),
    );
  });

  test.each(['soon', '1 fortnight', '', '-1h', '1h30', '99999999999h1m1s'])(
    'gets no suggestion: %j',
    (text) => {
      expect(meantDuration(text)).toBe(null);
    },
  );

  test('gets no suggestion in place of a count', () => {
    const rule = { trigger: 'heartbeat', action: { name: 'terminate', backoff: '10s' } };
    expect(single(withRules(rule))).toMatch(
      /is a number of times, and `cooldown` is a duration; found the string '10s'/,
    );
  });
});
