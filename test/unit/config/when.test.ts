import { describe, expect, test } from 'vitest';
import { diagnose, pathsOf, read, withRules } from '../../support/config.js';

const terminate = { name: 'terminate' };
const places = (yaml: string) =>
  diagnose(yaml).map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('a mistake in a condition', () => {
  const file = (when: string) => `jobs: [{name: a, command: x}]
rules:
  - trigger: metric
    action: {name: terminate}
    when: ${when}
`;

  test.each([
    ['mean.a-duration > x', '5:29'],
    ['"mean.a-duration > x"', '5:30'],
    ["'mean.a-duration > \"it''s\" + x'", '5:40'],
    ['|\n      mean.a-duration > 1 and\n        x', '7:9'],
    ['>-\n      mean.a-duration > 1\n\n      and x', '8:11'],
    ['mean.a-duration > 1\n      and x', '6:11'],
    ['&anchor mean.a-duration > x', '5:37'],
  ])('%s is reported at its character', (when, place) => {
    expect(places(file(when)).at(-1)).toMatch(new RegExp(`^${place} unknown name 'x'`));
  });

  test('is shown with its character where the file has no place for it', () => {
    expect(places(file('"mean.a-duration\\t> x"'))).toEqual([
      expect.stringMatching(/^5:11 .*\(character 19: mean\.a-duration\\t> ⟨here⟩x\)$/),
    ]);
    expect(diagnose(withRules({ trigger: 'job-fail', when: 'x', action: terminate }))[0]?.message).toMatch(
      /\(character 1: ⟨here⟩x\)$/,
    );
  });
});

describe('a rule', () => {
  test('may have a duration, states and a least time between firings', () => {
    const { config } = read({
      ...withRules({
        trigger: 'metric',
        when: 'count.sleep.failed > 3',
        for: '5m',
        cooldown: 90,
        in: 'a',
        action: { name: 'cancel', label: 'sleep', goto: 'b' },
      }),
      states: ['a', 'b'],
    });
    expect(config.rules[0]).toMatchObject({
      title: 'count.sleep.failed > 3',
      trigger: { kind: 'metric' },
      when: { text: 'count.sleep.failed > 3' },
      for: 300,
      cooldown: 90,
      in: ['a'],
      action: { goto: 'b' },
    });
  });

  test.each([
    ['> 5', 'count.sleep.failed > 5', { op: 'number', value: 5 }, { op: '>' }],
    ['=2.50', 'count.sleep.failed == 2.5', { op: 'number', value: 2.5 }, { op: '==' }],
    [0, 'count.sleep.failed == 0', { op: 'number', value: 0 }, { op: '==' }],
    [undefined, 'count.sleep.failed', { op: 'known' }],
  ])('in the short form with %j becomes %j, and its count is unknown at first', (when, text, ...rest) => {
    const { config } = read(
      withRules({ trigger: 'metric', name: 'count.sleep.failed', when, action: terminate }),
    );
    const metric = { kind: 'count', group: 'sleep', count: 'failed' };
    expect(config.rules[0]).toMatchObject({ title: 'count.sleep.failed', trigger: { kind: 'metric' } });
    expect(config.rules[0]?.when).toEqual({
      text,
      steps: [{ op: 'metric', metric, fromZero: false }, ...rest],
    });
  });

  test.each([
    [{ trigger: 'metric', name: 'count.sleep.failed', for: '5m' }, ['rules[0].for?']],
    [{ trigger: 'metric', name: 'count.sleep.failed', when: 1, for: '5m' }, []],
    [{ trigger: 'job-fail', when: '> 5' }, ['rules[0].when?']],
    [{ trigger: 'start', when: 'x +' }, ['rules[0].when?']],
    [{ trigger: 'metric', name: 'count.slep.failed', when: '> ' }, ['rules[0].name', 'rules[0].when']],
    [{ trigger: 'metric', when: 5 }, ['rules[0]']],
    [{ trigger: 'metric', when: '5 > 3' }, ['rules[0].when']],
    [{ trigger: 'metric', when: 'event.status > 3' }, ['rules[0].when']],
    [{ trigger: 'interval' }, ['rules[0]']],
    [{ trigger: 'interval', interval: '0s' }, ['rules[0].interval']],
    [{ trigger: 'interval', interval: 0 }, ['rules[0].interval']],
    [{ trigger: 'cron' }, ['rules[0]']],
    [{ trigger: 'cron', cron: 'x' }, ['rules[0].cron']],
    [{ trigger: 'cron', cron: '* * * * *', timezone: 'Nowhere' }, ['rules[0].timezone']],
    [{ trigger: 'cron', cron: '0 0 30 2 *' }, ['rules[0].cron?']],
    [{ trigger: 'state' }, ['rules[0]']],
    [{ trigger: 'state', name: 'a' }, ['rules[0].name']],
    [{ trigger: 'job-stalled', name: 'sleep' }, ['rules[0]']],
    [{ trigger: 'job-fail', for: '5m' }, ['rules[0].for?']],
    [{ trigger: 'job-fail', interval: '5m', cron: '* * * * *' }, ['rules[0].interval?', 'rules[0].cron?']],
    [{ trigger: 'job-fail', in: ['a', 'b'] }, ['rules[0].in[0]', 'rules[0].in[1]']],
    [{ trigger: 'job-fail', action: { goto: 'a' } }, ['rules[0].action.goto']],
    [{ trigger: 'job-fail', action: {} }, ['rules[0].action']],
    [{ trigger: 'start', action: { name: 'cancel' } }, ['rules[0].action']],
    [{ trigger: 'job-fail', action: { name: 'cancel', repetitions: 2 } }, []],
    [{ trigger: 'job-fail', action: { name: 'cancel' } }, ['rules[0].action?']],
  ])('%j: %j', (rule, expected) => {
    expect(pathsOf(withRules({ action: terminate, ...rule }))).toEqual(expected);
  });

  test('names of states must be unique', () => {
    expect(pathsOf({ ...withRules(), states: ['a', 'b', 'a'] })).toContain('states[2]');
    expect(pathsOf({ ...withRules(), states: Array.from({ length: 65 }, (_, i) => `s${i}`) })).toContain(
      'states',
    );
  });
});
