import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { firingText, mismatchesOf } from '../../../src/testing/compare.js';
import { runTest, type TestRun } from '../../../src/testing/run-test.js';

const ensemble = `
jobs:
  - {name: a, command: run a, count: 4}
  - {name: b, command: run b, duration: 20}
  - {name: late, command: run late, urgency: 0}
  - {name: wide, command: run wide, tasks: 3}
logging: {heartbeat: 10}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, name: count.a.success, when: 2, action: {name: submit, label: b}}
  - {trigger: job-timeout, action: {name: submit, label: late}}
  - {trigger: metric, name: max.late-pending, when: "> 25", action: {name: cancel, label: late}}
  - {trigger: job-memo, name: a, action: {name: terminate}}
  - {trigger: job-annotations, action: {name: urgency, label: late, value: 16, repetitions: 0}}
  - {trigger: heartbeat, action: {name: grow, repetitions: 0}}
`;

async function run(test: string): Promise<{ run: TestRun; firings: string[]; mismatches: unknown[] }> {
  const loaded = parseConfig(`${ensemble}tests:\n  - {name: x, ${test}}\n`);
  const [only] = loaded.config.tests;
  if (only === undefined) throw new Error('no test');
  const result = await runTest(loaded, only);
  const firings = result.firings.map((firing) => {
    const time = Number((firing.timestamp - result.start).toFixed(6));
    return `${time}: ${firingText(firing)}`;
  });
  return { run: result, firings, mismatches: mismatchesOf(only, result) };
}

const counts = ({ metrics }: TestRun, group: string) => metrics.groups.get(group)?.count;

describe('a test without a workload manager', () => {
  test('runs submitted jobs as it describes them, each in its turn', async () => {
    const { run: result, firings } = await run(
      'jobs: {a: {duration: [5s, 10s], outcome: [fail, success, signal 9, success]}, b: {duration: 500ms}}, expect: {}',
    );
    expect(firings).toEqual(['0: submit a', '10: submit b']);
    expect(counts(result, 'a')).toMatchObject({ submitted: 4, finished: 4, success: 2, failed: 2 });
    expect(counts(result, 'b')).toMatchObject({ submitted: 1, success: 1 });
    expect(result).toMatchObject({ end: 'idle', duration: 10.5, errors: [] });
    expect(result.metrics.groups.get('b')?.duration.mean).toBe(0.5);
  });

  test('keeps jobs waiting for slots, as the local member does', async () => {
    const { run: result } = await run('slots: 1, jobs: {a: {duration: 10s}, b: {duration: 1s}}, expect: {}');
    expect(result.metrics.groups.get('a')?.pending).toMatchObject({ min: 0, max: 30, mean: 15 });
    // First come, first served: b was submitted after all of a.
    expect(result.metrics.groups.get('b')?.pending.max).toBe(20);
    expect(result.duration).toBe(41);
  });

  test('lets jobs wait, and ends them at their time limit', async () => {
    const { run: result, firings } = await run(
      'jobs: {a: {wait: 3s, duration: 1s}, b: {duration: 1h}, late: {duration: 1s}}, expect: {}',
    );
    // b has 20 s, from 4 s on. late is held, and the heartbeats at 30, 40 and 50 s see its waiting time.
    expect(firings).toEqual(['0: submit a', '4: submit b', '24: submit late', '50: cancel late']);
    expect(result.metrics.groups.get('a')?.pending.mean).toBe(3);
    expect(counts(result, 'b')).toMatchObject({ timeout: 1, failed: 1, finished: 1 });
    expect(counts(result, 'late')).toMatchObject({ canceled: 1, finished: 0 });
    expect(result.end).toBe('idle');
  });

  test('performs its script, line by line', async () => {
    const { run: result, firings } = await run(`events: [
      1s: submit a x2 held, 2s: [fail a 1, exception a 2 oom severity 3], 3s: start a 5,
      4s: [finish a x2, finish b 1, exception a 4 oom], 5s: [finish a all, memo a 6]], expect: {}`);
    expect(firings).toEqual(['0: submit a', '4: submit b', '5: terminate']);
    expect(result).toMatchObject({ end: 'terminated', duration: 5, errors: [] });
    expect(counts(result, 'a')).toMatchObject({
      submitted: 6,
      success: 3,
      failed: 2,
      exception: 1,
      pending: 1,
    });
    expect(result.metrics.groups.get('a')?.exceptions).toEqual({ oom: 1 });
  });

  test('reports lines that are impossible, and continues', async () => {
    const { run: result, mismatches } = await run(`events: [
      1s: [finish a 5, start a 1, finish a 1, finish a 1, finish a x4, finish b all, timeout late 1], 2s: finish a all],
      expect: {}`);
    expect(result.errors.map(({ message }) => message.split(': ').slice(1).join(': '))).toEqual([
      "job 5 of 'a' is missing: 4 were submitted by then",
      "job 1 of 'a' is not held back",
      "job 1 of 'a' has ended already",
      "only 3 jobs of 'a' are running, not 4",
      "no job of 'b' is running",
      "job 1 of 'late' is missing: 0 were submitted by then",
    ]);
    expect(result.errors.every(({ time, line }) => time === 1 && line !== null)).toBe(true);
    expect(mismatches).toHaveLength(6);
    expect(counts(result, 'a')?.success).toBe(4);
  });

  test('ends at its time, with jobs still running', async () => {
    const { run: result } = await run('until: 2h, expect: {end: until}');
    expect(result).toMatchObject({ end: 'until', duration: 7200 });
    expect(counts(result, 'a')).toMatchObject({ running: 4 });
  });

  test('has a time of day', async () => {
    const { run: result } = await run(
      'start: 2026-03-01T08:00:00Z, jobs: {a: {duration: 1s}}, until: 5s, expect: {}',
    );
    expect(result.firings[0]?.timestamp).toBe(Date.UTC(2026, 2, 1, 8) / 1000);
  });

  test('refuses jobs that can never start, and accepts more slots', async () => {
    const loaded = parseConfig(`
jobs: [{name: wide, command: run, tasks: 3}]
logging: {heartbeat: 10}
rules:
  - {trigger: start, action: {name: submit, label: wide}}
  - {trigger: metric, name: mean.wide-pending, when: "> 15", action: {name: grow, value: 2}}
tests:
  - {name: grows, slots: 1, jobs: {wide: {duration: 5s}}, expect: {}}
`);
    const result = await runTest(loaded, loaded.config.tests[0] as never);
    expect(result.firings.map(({ action, timestamp }) => [timestamp - result.start, action])).toEqual([
      [0, 'submit'],
      [20, 'grow'],
    ]);
    expect(counts(result, 'wide')).toMatchObject({ success: 1 });
    const hopeless = parseConfig(`
jobs: [{name: wide, command: run, tasks: 3}]
rules: [{trigger: start, action: {name: submit, label: wide}}]
tests: [{name: no, slots: 1, expect: {}}]
`);
    const refused = await runTest(hopeless, hopeless.config.tests[0] as never);
    expect(counts(refused, 'wide')).toMatchObject({ failed: 1, exception: 1 });
    expect(refused.metrics.groups.get('wide')?.exceptions).toEqual({ alloc: 1 });
  });

  test('supports states, intervals, calendars and stalled jobs', async () => {
    const { config, ...rest } = parseConfig(`
states: [explore, refine, done]
jobs: [{name: sim, command: run, count: 2, stalled: 30m}, {name: fine, command: run, count: 2}]
rules:
  - {trigger: state, name: explore, action: {name: submit, label: sim}}
  - {trigger: metric, when: count.sim.running > 0, for: 5m, in: explore, action: {name: submit, label: fine, goto: refine}}
  - {trigger: interval, interval: 10m, in: refine, action: {name: submit, label: fine, value: 1, repetitions: 2}}
  - {trigger: cron, cron: "30 8 * * *", timezone: UTC, action: {name: submit, label: fine, value: 1}}
  - {trigger: job-stalled, name: sim, action: {name: cancel, repetitions: 10}}
  - {trigger: metric, when: count.sim.canceled == 2, action: {goto: done}}
  - {trigger: state, name: done, action: {name: terminate}}
tests:
  - name: through the states
    start: 2026-03-01T08:00:00Z
    jobs: {fine: {duration: 1m}}
    expect:
      firings:
        - 0s: submit sim
        - 5m: submit fine goto refine by rules[1]
        - 10m: submit fine by interval
        - 20m: submit fine
        - 30m: [submit fine by cron, cancel by job-stalled, cancel, goto done, terminate]
      state: done
      end: terminated
  - {name: not there, until: 1m, expect: {state: refine, firings: [0s: submit sim goto refine]}}
`);
    const [whole, wrong] = config.tests as [never, never];
    expect(mismatchesOf(whole, await runTest({ config, ...rest }, whole))).toEqual([]);
    expect(mismatchesOf(wrong, await runTest({ config, ...rest }, wrong))).toMatchObject([
      { kind: 'firings' },
      { kind: 'state', expected: 'refine', found: 'explore' },
    ]);
  });

  test('gives the same result every time', async () => {
    const test =
      'slots: 3, jobs: {a: {duration: [7s, 3s], outcome: [success, timeout]}, b: {duration: 9s}}, expect: {}';
    const first = await run(test);
    const second = await run(test);
    expect(second.firings).toEqual(first.firings);
    expect([...second.run.metrics.groups]).toEqual([...first.run.metrics.groups]);
  });

  test('may use synthetic events', async () => {
    const { run: result, firings } = await run('synth: {groups: [a, b], jobs: 50, failures: 0}, expect: {}');
    expect(firings).toHaveLength(2);
    const total = (counts(result, 'a')?.success ?? 0) + (counts(result, 'b')?.success ?? 0);
    expect(total).toBe(50);
    expect(counts(result, 'wide')?.submitted).toBe(0);
  });
});

describe('an expectation of a test', () => {
  const base = 'jobs: {a: {duration: 10s}, b: {duration: 1s}}';
  const kinds = async (expectations: string) =>
    (await run(`${base}, expect: {${expectations}}`)).mismatches.map(
      (mismatch) => (mismatch as { kind: string }).kind,
    );

  test.each([
    'firings: [0s: submit a, 10s: submit b]',
    'firings: [0s: submit a by start, 10s: submit by count.a.success]',
    'firings: [0s: submit a by start, "10s": "submit b by rules[1]"]',
    'firings: [0: submit a, 12s: submit b], within: 2s',
    'firings: [0.0001s: submit a, 10s: [submit b]]',
    'metrics: {count.a.success: 4, mean.a-duration: 10, max.late-pending: null}',
    'metrics: {count.a.success: "> 3", mean.a-duration: 10s, min.a-duration: "8 +- 2", max.b-duration: "<= 1s"}',
    'end: idle',
    '',
  ])('is met: %s', async (expectations) => {
    expect(await kinds(expectations)).toEqual([]);
  });

  test.each([
    ['firings: []', ['firings']],
    ['firings: [0s: submit a]', ['firings']],
    ['firings: [0s: submit a, 10s: submit b, 11s: submit b]', ['firings']],
    ['firings: [10s: submit b, 10s: submit a]', ['firings']],
    ['firings: [0s: submit a, 10.01s: submit b]', ['firings']],
    ['firings: [0s: submit a, 10s: cancel b]', ['firings']],
    ['firings: [0s: submit a, 10s: submit b by start]', ['firings']],
    ['firings: [0s: submit a, 10s: "submit b by rules[0]"]', ['firings']],
    ['metrics: {count.a.success: 5}', ['metric']],
    [
      'metrics: {count.a.success: "> 4", mean.a-duration: 10.001, min.a-duration: "8 +- 1"}',
      ['metric', 'metric', 'metric'],
    ],
    ['metrics: {mean.a-duration: null, mean.late-duration: 0}', ['metric', 'metric']],
    ['end: terminated', ['end']],
  ])('is not met: %s', async (expectations, expected) => {
    expect(await kinds(expectations)).toEqual(expected);
  });
});
