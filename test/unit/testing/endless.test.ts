import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import type { EnsembleError } from '../../../src/errors.js';
import { runTest, type TestRun } from '../../../src/testing/run-test.js';

/** Runs the only test of an ensemble. */
async function run(text: string): Promise<TestRun> {
  const loaded = parseConfig(text);
  const [only] = loaded.config.tests;
  if (only === undefined) throw new Error('no test');
  return runTest(loaded, only);
}

/** The error of a test without an end. */
async function refusal(text: string): Promise<string> {
  const error = await run(text).then(
    () => null,
    (cause: EnsembleError) => cause,
  );
  expect(error?.code).toBe('ERR_TEST');
  return error?.message ?? '';
}

const ever = 'repetitions: 1000000000';
const start = '{trigger: start, action: {name: submit, label: a}}';
const file = (rules: readonly string[], test: string, job = '') =>
  `jobs:\n  - {name: a, command: "true"${job}}\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}` +
  `tests:\n  - {name: x, ${test}, expect: {}}\n`;

describe('a test of rules that trigger themselves', () => {
  test('ends when each submitted job submits another', async () => {
    const again = `{trigger: job-submit, name: a, action: {name: submit, label: a, ${ever}}}`;
    expect(await refusal(file([start, again], 'jobs: {a: {duration: 10s}}'))).toMatch(
      /^rule 'a' \(rules\[1\]\) fires without end: 1\d{3} times at 0s$/,
    );
  });

  test('ends when a metric triggers itself', async () => {
    const again = `{trigger: metric, when: count.a.submitted > 0, action: {name: submit, label: a, ${ever}}}`;
    expect(await refusal(file([start, again], 'jobs: {a: {duration: 10s}}'))).toMatch(
      /^rule 'count.a.submitted > 0' \(rules\[1\]\) fires without end: 1\d{3} times at 0s$/,
    );
  });

  test('ends before jobs that each submit fifty fill the memory', async () => {
    const again = `{trigger: job-start, name: a, action: {name: submit, label: a, ${ever}}}`;
    expect(await refusal(file([start, again], 'jobs: {a: {duration: 10s}}', ', count: 50'))).toMatch(
      /^jobs are submitted without end: 1\d{4} by 0s: rule 'a' \(rules\[1\]\) has fired \d{3} times$/,
    );
  });

  test('ends when jobs without duration follow each other, and names all rules of the loop', async () => {
    const rules = [
      start,
      `{trigger: job-success, name: a, action: {name: submit, label: a, ${ever}}}`,
      `{trigger: job-clean, name: a, action: {name: urgency, label: a, value: 20, ${ever}}}`,
    ];
    expect(await refusal(file(rules, 'jobs: {a: {duration: 0}}'))).toMatch(
      /^rule 'a' \(rules\[[12]\]\) and rule 'a' \(rules\[[21]\]\) fire without end: \d+ times and \d+ times at 0s$/,
    );
  });

  test('ends when functions change the state endlessly', async () => {
    const text = `states: [one, two]
jobs: [{name: a, command: "true"}]
rules:
  - {trigger: state, name: one, action: {name: custom, label: on, ${ever}}}
  - {trigger: state, name: two, action: {name: custom, label: back, ${ever}}}
custom: |
  const on = () => ({ goto: 'two' });
  const back = () => ({ goto: 'one' });
tests: [{name: x, expect: {}}]
`;
    expect(await refusal(text)).toMatch(
      /^rule 'one' \(rules\[0\]\) and rule 'two' \(rules\[1\]\) fire without end: .* at 0s$/,
    );
  });

  test('ends when an interval repeats for a whole day', async () => {
    const often = `{trigger: interval, interval: 1s, action: {name: submit, label: a, ${ever}}}`;
    expect(await refusal(file([often], 'jobs: {a: {duration: 100ms}}'))).toMatch(
      /^rule 'every 1s' \(rules\[0\]\) fires without end: \d{5} times by [\d.]+s$/,
    );
  });

  test('ends when an interval is too short for time to pass', async () => {
    const never =
      '{trigger: interval, interval: 0.01ms, when: count.a.failed > 0, action: {name: submit, label: a}}';
    expect(await refusal(file([start, never], 'until: 1d'))).toMatch(
      /^the interval of rule 'every 0.00001s' \(rules\[1\]\) is too short for a test: the test has reached only \d+s$/,
    );
  });
});

describe('a test of jobs that are submitted again and again', () => {
  const fails = (retry: string, more = '') =>
    file([start], `jobs: {a: {duration: 0, outcome: fail}}${more}`, `, retry: ${retry}`);

  test('ends when there is no backoff', async () => {
    expect(await refusal(fails('{times: 1000000000}'))).toMatch(
      /^the retry of group 'a' submits jobs again without end: 1\d{3} times at 0s$/,
    );
  });

  test('ends when there is a backoff without a limit', async () => {
    expect(await refusal(fails('{times: 1000000000, backoff: 1s}'))).toMatch(
      /^the retry of group 'a' submits jobs again without end: \d{5} times by [\d.]+s$/,
    );
  });

  test('continues as often as the file says', async () => {
    const { metrics, end } = await run(fails('{times: 50}'));
    expect(metrics.groups.get('a')?.count).toMatchObject({ submitted: 51, failed: 51, retried: 50 });
    expect(end).toBe('idle');
  });
});

describe('a test of very many jobs', () => {
  test('may have a firing for each of them at one moment', async () => {
    const each = `{trigger: job-success, name: a, action: {name: urgency, label: a, value: 20, ${ever}}}`;
    const { firings, end } = await run(file([start, each], 'jobs: {a: {duration: 1s}}', ', count: 2500'));
    expect(firings).toHaveLength(2501);
    expect(end).toBe('idle');
  });

  test('ends when they exceed its limit', async () => {
    expect(await refusal(file([start], 'jobs: {a: {duration: 1s}}', ', count: 300000'))).toBe(
      'a test may submit at most 250000 jobs, and exceeds this by 0s: ' +
        "rule 'start' (rules[0]) has fired once",
    );
  });

  test('may repeat until its time is over', async () => {
    const again = `{trigger: job-success, name: a, action: {name: submit, label: a, ${ever}}}`;
    const { metrics, end } = await run(file([start, again], 'jobs: {a: {duration: 10s}}, until: 1h'));
    expect(metrics.groups.get('a')?.count.success).toBe(360);
    expect(end).toBe('until');
  });
});
