import { describe, expect, test } from 'vitest';
import { diagnose, read, single, withRules } from '../../support/config.js';

const file = (parameters: string, when = '') => `jobs:
  - name: a
    command: run {{x}}
    parameters: {x: ${parameters}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
${when === '' ? '' : `  - {trigger: job-finish, when: '${when}', action: {name: terminate}}\n`}`;

/** The last words of the commands of the rows. */
const words = (input: unknown) =>
  read(input)
    .config.groups.get('a')
    ?.entries.map(({ command }) => command[1]);

describe('a number that would lose digits in computations', () => {
  test.each([
    ['{from: 9007199254740993, to: 9007199254740995, step: 0.5}', '4:21', /exactly with 0.5/],
    ['{from: 1, to: 18446744073709551615, count: 3, scale: log}', '4:21', /log scale .* exactly/],
    ['{from: 1, to: 18446744073709551615, count: 4}', '4:21', /can't be spread .* exactly/],
    [
      '{from: 0, to: 18446744073709551615, step: 1}',
      '4:21',
      /18446744073709551616 values; 2147483647 at most/,
    ],
    ['{from: 1, to: 18446744073709551615, step: -1}', '4:21', /never lead/],
    ['{from: 0.12345678901234567890, to: 1, step: 0.5}', '4:28', /too many digits/],
    ['{integer: [1, 18446744073709551615]}', '4:35', /too large for exact computations/],
    ['{uniform: [0, 18446744073709551615]}', '4:35', /too large for exact computations/],
  ])('is refused at its place: %s', (parameters, place, message) => {
    const found = single(file(parameters));
    expect(found).toMatch(message);
    expect(found.startsWith(`${place} jobs[0].parameters.x`)).toBe(true);
  });

  test.each([
    [
      'job.parameters.x > 5',
      '7:34',
      /compare it with a text, like job.parameters.x == "18446744073709551615"/,
    ],
    ['count.a.failed < 9007199254740993', '7:51', /'9007199254740993' is too large/],
  ])('is refused in an expression: %s', (when, place, message) => {
    const found = single(file('[1, 18446744073709551615]', when));
    expect(found).toMatch(message);
    expect(found.startsWith(`${place} rules[1].when`)).toBe(true);
  });

  test('is refused in a short condition', () => {
    const rule = (when: string) => ({
      trigger: 'metric',
      name: 'count.sleep.failed',
      when,
      action: { name: 'terminate' },
    });
    expect(single(withRules(rule('> 9007199254740993')))).toMatch(/too large for an exact comparison/);
    expect(diagnose(withRules(rule('> 9007199254740992')))).toEqual([]);
  });

  test('is refused in place of a number in the file, and shown with its digits', () => {
    const text = file('1').replace('    command', '    count: 18446744073709551615\n    command');
    expect(single(text)).toMatch(/^3:12 .*; found the number 18446744073709551615, which is too large/);
  });
});

describe('ranges', () => {
  test('of large integers are exact', () => {
    expect(words(file('{from: 18446744073709551610, to: 18446744073709551615, count: 2}'))).toEqual([
      '18446744073709551610',
      '18446744073709551615',
    ]);
  });
  test('may end in zeros', () => {
    expect(words(file('{from: 0.10, to: 0.30, step: 0.10}'))).toEqual(['0.1', '0.2', '0.3']);
    expect(words(file('{from: 1e3, to: 3000, step: 0x3E8}'))).toEqual(['1000', '2000', '3000']);
  });
});

describe('an object', () => {
  test('may contain bigints', () => {
    const jobs = [{ name: 'a', command: 'run {{x}}', parameters: { x: [9007199254740993n, 5n] } }];
    expect(words({ jobs, rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }] })).toEqual([
      '9007199254740993',
      '5',
    ]);
  });
});
