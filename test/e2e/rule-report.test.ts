/** Reports of rules that never fired, or less often than they were triggered, in runs, replays and tests. */

import { describe, expect, test } from 'vitest';
import type { RuleReport } from '../../src/model/rule-report.js';
import { cli, ensembleFile, type Finished, jsonLines, newFolder } from '../support/cli.js';

const rulesOf = (finished: Finished) =>
  (jsonLines(finished).summary as unknown as { rules: RuleReport[] }).rules;

/** Returns the lines after one of the lists' titles. */
function listOf(stdout: string, title: RegExp): string[] {
  const lines = stdout.split('\n');
  const begin = lines.findIndex((line) => title.test(line));
  if (begin < 0) return [];
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => !line.startsWith('  '));
  return rest.slice(0, end < 0 ? rest.length : end).map((line) => line.trim());
}

const study = `jobs:
  - {name: good, command: 'true', count: 3}
  - {name: bad, command: 'false', count: 4}
  - {name: never, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: good}}
  - {trigger: start, action: {name: submit, label: bad}}
  - {trigger: metric, when: count.good.success >= 100, action: {name: submit, label: never}}
  - {trigger: metric, name: mean.good-duration, when: "> 30", action: {name: submit, label: never}}
  - {trigger: metric, when: mean.never-duration > 30s and count.bad.failed < 3, action: {name: submit, label: never}}
  - {trigger: job-fail, name: good, action: {name: submit, label: never}}
  - {trigger: job-finish, name: bad, when: event.status == 137, action: {name: submit, label: never}}
  - {trigger: job-fail, name: bad, action: {name: urgency, label: never, value: 1}}
  - {trigger: job-finish, name: bad, action: {name: urgency, label: never, value: 1, backoff: 1, repetitions: 9}}
  - {trigger: job-finish, name: bad, cooldown: 1h, action: {name: urgency, label: never, value: 1, repetitions: 9}}
`;

const never = [
  'count.good.success >= 100: it was 3',
  expect.stringMatching(/^mean\.good-duration > 30: it was [\d.]+$/),
  'mean.never-duration > 30s and count.bad.failed < 3: mean.never-duration had no value, count.bad.failed was 4',
  'job-fail of good: no such event came',
  'job-finish of bad when event.status == 137: 4 job-finish events came, its condition held at none',
];
const heldBack = [
  'job-fail of bad: fired once; 3 job-fail events came later, held back by repetitions: 1',
  'job-finish of bad: fired twice; held back twice by backoff: 1',
  'job-finish of bad at most every 1h: fired once; held back 3 times by cooldown: 1h',
];

describe.concurrent('rules at the end of a run', () => {
  test('rules that never fired are listed with the reason, and prevented firings with their cause', async () => {
    const { stdout } = await cli(['run', ensembleFile(study), '--slots', '1']);
    expect(listOf(stdout, /^5 rules never fired:$/)).toEqual(never);
    expect(listOf(stdout, /^3 rules were held back:$/)).toEqual(heldBack);
  });

  test('the summary contains all rules', async () => {
    const rules = rulesOf(await cli(['run', ensembleFile(study), '--slots', '1', '--json']));
    expect(rules.map(({ firings }) => firings)).toEqual([1, 1, 0, 0, 0, 0, 0, 1, 2, 1]);
    expect(rules[2]).toEqual({
      rule: 2,
      name: 'count.good.success >= 100',
      algorithm: null,
      due: 'count.good.success >= 100',
      firings: 0,
      resolved: 0,
      state: 'inactive',
      came: 3,
      heldBack: { repetitions: 0, backoff: 0, cooldown: 0, for: 0, state: 0, end: 0 },
      values: { 'count.good.success': 3 },
      by: null,
      why: 'it was 3',
    });
    expect(rules[7]?.heldBack).toMatchObject({ repetitions: 3 });
    expect(rules[8]?.heldBack).toMatchObject({ repetitions: 0, backoff: 2 });
    expect(rules[9]?.heldBack).toMatchObject({ cooldown: 3 });
    expect(rules.filter(({ why }) => why === '').map(({ rule }) => rule)).toEqual([0, 1]);
  });

  test('the list is empty if every rule fired as often as it was triggered', async () => {
    const file = ensembleFile(`jobs: [{name: a, command: 'true', count: 3}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: count.a.success == 3, action: {name: terminate}}
`);
    expect((await cli(['run', file])).stdout).not.toMatch(/fired|held back/);
  });

  test('the reason of a rule in another state is its state', async () => {
    const file = ensembleFile(`states: [first, second]
jobs: [{name: a, command: 'true', count: 3}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-success, name: a, in: second, action: {name: submit, label: a}}
  - {trigger: state, name: second, action: {name: submit, label: a}}
  - {trigger: metric, when: count.a.success > 1, for: 1h, in: second, action: {name: terminate}}
`);
    const { stdout } = await cli(['run', file]);
    expect(listOf(stdout, /^3 rules never fired:$/)).toEqual([
      'job-success of a in second: the ensemble was not in second',
      'state second: the ensemble was never in it',
      'count.a.success > 1 for 1h in second: the ensemble was not in second; it was 3',
    ]);
  });

  test('the value of a metric is that before the remaining jobs are canceled', async () => {
    const file = ensembleFile(`jobs:
  - {name: a, command: 'true'}
  - {name: long, command: sleep 100}
rules:
  - {trigger: start, action: {name: submit, label: long}}
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-success, name: a, action: {name: terminate}}
  - {trigger: metric, when: count.long.canceled > 0, action: {name: submit, label: a}}
`);
    const finished = await cli(['run', file, '--slots', '2', '--json']);
    expect(jsonLines(finished).summary.groups.long?.count.canceled).toBe(1);
    expect(rulesOf(finished)[3]).toMatchObject({ firings: 0, values: { 'count.long.canceled': 0 } });
  });

  test('a long list of rules is shortened, with the total number', async () => {
    const rules = Array.from(
      { length: 2000 },
      (_, index) =>
        `  - {trigger: metric, when: count.a.success > ${index + 10}, action: {name: submit, label: a}}`,
    );
    const file = ensembleFile(`jobs: [{name: a, command: 'true'}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
${rules.join('\n')}
`);
    const { stdout } = await cli(['run', file]);
    const list = listOf(stdout, /^2000 rules never fired:$/);
    expect(list.length).toBeLessThan(50);
    expect(list[0]).toBe('count.a.success > 10: it was 1');
    expect(list.at(-1)).toMatch(/^\.\.\. and 19\d\d more/);
    expect(rulesOf(await cli(['run', file, '--json']))).toHaveLength(2001);
  });
});

test('a replay reports its rules in the same way', async () => {
  const recording = `${newFolder()}/run.ndjson`;
  const file = ensembleFile(study);
  await cli(['run', file, '--record', recording, '--slots', '1']);
  const { stdout } = await cli(['replay', recording, file]);
  expect(listOf(stdout, /^5 rules never fired:$/)).toEqual(never);
  expect(listOf(stdout, /^3 rules were held back:$/)).toEqual(heldBack);
  expect(rulesOf(await cli(['replay', recording, file, '--json']))).toHaveLength(10);
});

describe.concurrent('rules in tests of an ensemble', () => {
  const tested = `jobs: [{name: a, command: x}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: count.a.success >= 1, action: {name: terminate}}
  - {trigger: metric, when: count.a.failed >= 1, action: {name: terminate}}
  - {trigger: metric, when: mean.a-duration > 1h, action: {name: submit, label: a}}
tests:
  - {name: goes well, jobs: {a: {duration: 10s}}, expect: {end: terminated}}
`;
  const goesBadly =
    '  - {name: goes badly, jobs: {a: {duration: 5s, outcome: exit 1}}, expect: {end: terminated}}\n';

  test('rules that fired in none of the tests are listed', async () => {
    const { stdout } = await cli(['test', ensembleFile(tested)]);
    expect(listOf(stdout, /^ {2}2 rules never fired in this test:$/)).toEqual([
      'count.a.failed >= 1: it was 0',
      'mean.a-duration > 1h: it was 10',
    ]);
    const both = await cli(['test', ensembleFile(tested + goesBadly)]);
    expect(listOf(both.stdout, /^ {2}1 rule never fired in these tests:$/)).toEqual([
      'mean.a-duration > 1h: it was 5 (goes badly)',
    ]);
  });

  test('a missing firing is reported with the reason of its rule', async () => {
    const missing = `  - name: misses
    jobs: {a: {duration: 10s}}
    expect: {firings: [0s: submit a, 10s: terminate, 20s: submit a]}
`;
    const { stdout, status } = await cli(['test', ensembleFile(tested + missing), '--only', 'misses']);
    expect(status).toBe(1);
    expect(listOf(stdout, /^ {6}2 rules never fired:$/).slice(0, 2)).toEqual([
      'count.a.failed >= 1: it was 0',
      'mean.a-duration > 1h: it was 10',
    ]);
  });

  test('the JSON output of tests contains the rules', async () => {
    const { stdout } = await cli(['test', ensembleFile(tested), '--json']);
    const [line] = stdout.split('\n').map((each) => (each === '' ? null : JSON.parse(each)));
    expect(line.rules.map(({ firings }: RuleReport) => firings)).toEqual([1, 1, 0, 0]);
    expect(line.by).toEqual({ kind: 'rule', rule: 1, name: 'count.a.success >= 1' });
  });
});
