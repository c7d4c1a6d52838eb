import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, newFolder, root } from '../support/cli.js';

const ensemble = `jobs:
  - {name: sleep, command: sleep 1, count: 3}
rules:
  - {trigger: start, action: {name: submit, label: sleep}}
  - {trigger: job-fail, name: sleep, action: {name: terminate}}
`;
const good = `  - name: all go well
    jobs: {sleep: {duration: 10s}}
    expect: {firings: [0s: submit sleep], metrics: {count.sleep.success: 3}, end: idle}
`;
const bad = `  - name: one fails
    jobs: {sleep: {duration: 10s, outcome: [success, fail]}}
    expect: {firings: [0s: submit sleep, 12s: terminate], metrics: {count.sleep.success: 3}, end: idle}
`;

function files(texts: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  return folder;
}

const times = (text: string) => text.replaceAll(/\(\d+ ms\)/g, '(N ms)');

describe.concurrent('ensemble test', () => {
  test('tests run without jobs, and success is reported', async () => {
    const cwd = files({ 'a.yaml': `${ensemble}tests:\n${good}` });
    const { stdout, stderr, status } = await cli(['test', 'a.yaml'], { cwd });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(times(stdout)).toBe(`a.yaml
  ✓ all go well (N ms)
  1 rule never fired in this test:
    job-fail of sleep: no such event came

1 passed (N ms)
`);
  });

  test('differences are shown, and the exit status is 1', async () => {
    const cwd = files({ 'a.yaml': `${ensemble}tests:\n${good}${bad}` });
    const { stdout, status } = await cli(['test', 'a.yaml'], { cwd });
    expect(status).toBe(1);
    expect(times(stdout)).toBe(`a.yaml
  ✓ all go well (N ms)
  ✗ one fails (N ms)  a.yaml:10
      firings (- expected, + found)
         0s  submit sleep  start
      - 12s  terminate
      + 10s  terminate     sleep
      count.sleep.success: expected 3, found 2
      end: expected idle, found terminated

1 passed, 1 failed (N ms)
`);
  });

  test('endless rules or retries are an error that names them', async () => {
    const again = (trigger: string) =>
      `jobs: [{name: a, command: "true"}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {${trigger}, action: {name: submit, label: a, repetitions: 1000000000}}
tests: [{name: x, jobs: {a: {duration: 10s}}, until: 1m, expect: {end: until}}]
`;
    const cwd = files({
      'event.yaml': again('trigger: job-submit, name: a'),
      'metric.yaml': again('trigger: metric, when: count.a.submitted > 0'),
      'retry.yaml': `jobs: [{name: a, command: "true", retry: {times: 1000000000}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
tests: [{name: x, jobs: {a: {duration: 0s, outcome: fail}}, expect: {end: idle}}]
`,
    });
    const { stdout, stderr, status } = await cli(['test', 'event.yaml', 'metric.yaml', 'retry.yaml'], {
      cwd,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/event\.yaml.*triggers itself/);
    expect(times(stdout).replaceAll(/1\d{3} times/g, 'N times')).toBe(`event.yaml
  ✗ x (N ms)  event.yaml:5
      rule 'a' (rules[1]) fires without end: N times at 0s [ERR_TEST]
metric.yaml
  ✗ x (N ms)  metric.yaml:5
      rule 'count.a.submitted > 0' (rules[1]) fires without end: N times at 0s [ERR_TEST]
retry.yaml
  ✗ x (N ms)  retry.yaml:3
      the retry of group 'a' submits jobs again without end: N times at 0s [ERR_TEST]

3 failed (N ms)
`);
  });

  test('a rule whose condition turned false during its cooldown does not keep a test open', async () => {
    const cwd = files({
      'a.yaml': `logging: {heartbeat: 1}
jobs: [{name: a, command: sleep 1, count: 20}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - trigger: metric
    when: mean.a-pending > 2s and count.a.pending > 0
    cooldown: 2s
    action: {name: grow, value: 2, repetitions: 3}
tests:
  - {name: two slots, slots: 2, jobs: {a: {duration: 1s}}, expect: {end: idle, metrics: {count.a.success: 20}}}
  - {name: three slots, slots: 3, jobs: {a: {duration: 1s}}, expect: {end: idle, metrics: {count.a.success: 20}}}
`,
    });
    const { stdout, status } = await cli(['test', 'a.yaml'], { cwd });
    expect(status, stdout).toBe(0);
  });

  test('results are printed as JSON', async () => {
    const cwd = files({ 'a.yaml': `${ensemble}tests:\n${good}${bad}` });
    const { stdout, status } = await cli(['test', '--json', 'a.yaml'], { cwd });
    expect(status).toBe(1);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      {
        type: 'test',
        file: 'a.yaml',
        name: 'all go well',
        passed: true,
        end: 'idle',
        duration: 10,
        mismatches: [],
      },
      {
        type: 'test',
        name: 'one fails',
        line: 10,
        passed: false,
        firings: [
          { time: 0, rule: 0, text: 'submit sleep' },
          { time: 10, rule: 1, name: 'sleep', text: 'terminate' },
        ],
        mismatches: [
          { kind: 'firings' },
          { kind: 'metric', name: 'count.sleep.success', expected: '3', found: 2 },
          { kind: 'end', expected: 'idle', found: 'terminated' },
        ],
      },
      { type: 'summary', passed: 1, failed: 1 },
    ]);
  });

  test('tests in separate files, several files, and a single test can be run', async () => {
    const cwd = files({
      'study.yaml': ensemble,
      'study.test.yaml': `ensemble: ./study.yaml\ntests:\n${good}${bad}`,
      'b.yaml': `${ensemble}tests:\n${good}`,
    });
    const both = await cli(['test', 'study.test.yaml', 'b.yaml'], { cwd });
    expect(both.status).toBe(1);
    expect(both.stdout).toMatch(/^2 passed, 1 failed/m);
    const one = await cli(['test', '--only', 'go well', 'study.test.yaml'], { cwd });
    expect(one).toMatchObject({ status: 0, stderr: '' });
    expect(one.stdout).toMatch(/^1 passed \(/m);
    const none = await cli(['test', '--only', 'nothing', 'study.test.yaml'], { cwd });
    expect(none).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("no test has a name that contains 'nothing'"),
    });
  });

  test('an invalid file is reported with exit status 2, and the other files are run', async () => {
    const cwd = files({
      'typo.yaml': `${ensemble}tests:\n  - name: x\n    events:\n      - 3s: finsh sleep 1\n    expect: {}\n`,
      'beside.yaml': `ensemble: ./study.yaml\ntests:\n  - {name: x, expect: {metrics: {count.slep.success: 1}}}\n`,
      'study.yaml': ensemble,
      'good.yaml': `${ensemble}tests:\n${good}`,
    });
    const { stdout, stderr, status } = await cli(
      ['test', 'typo.yaml', 'beside.yaml', 'study.yaml', 'none.yaml', 'good.yaml'],
      { cwd },
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(/^typo\.yaml:9:13: error: .*unknown event 'finsh'; did you mean 'finish'\?/m);
    expect(stderr).toMatch(/^beside\.yaml:3:\d+: error: .*unknown job group 'slep'; did you mean 'sleep'\?/m);
    expect(stderr).toContain('study.yaml has no tests');
    expect(stderr).toContain('none.yaml');
    expect(stdout).toMatch(/^1 passed/m);
  });

  test('a recording is replayed with the rules', async () => {
    const cwd = files({
      'a.yaml': `jobs: [{name: group-0, command: run}]
rules: [{trigger: metric, name: count.group-0.success, when: 5, action: {name: terminate}}]
tests:
  - {name: five, recording: ./queue.ndjson.gz, expect: {within: 1h, firings: [0s: terminate], end: terminated}}
  - {name: none, recording: ./missing.ndjson, expect: {}}
`,
    });
    await cli(['synth', '--jobs', '20', '--groups', '1', '--failures', '0', '--output', 'queue.ndjson.gz'], {
      cwd,
    });
    const { stdout, status } = await cli(['test', 'a.yaml'], { cwd });
    expect(status).toBe(1);
    expect(stdout).toContain('✓ five');
    expect(stdout).toMatch(/✗ none .*\n.*missing\.ndjson can't be read: .*\[ERR_FILE\]/);
  });

  test('functions are called as in a run, and their failures are reported', async () => {
    const cwd = files({
      'a.yaml': `${ensemble}  - {trigger: job-success, action: {name: custom, label: more, repetitions: 5}}
custom: |
  function more({ metrics }) {
    const count = metrics.get('count.sleep.success');
    if (count === 2) return { name: 'submit', label: 'sleep', value: 1 };
    if (count === 4) throw new Error('that is enough');
  }
tests:
  - name: one more is submitted
    jobs: {sleep: {duration: [1s, 2s, 3s, 4s]}}
    expect:
      firings: [0s: submit sleep, 1s: custom more, 2s: custom more, 3s: custom more, 6s: custom more]
      metrics: {count.sleep.success: 4}
`,
    });
    const { stdout, status } = await cli(['test', 'a.yaml'], { cwd });
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /at 6s: rule 'job-success' \(rules\[2\]\): custom function 'more' failed: that is enough/,
    );
    expect(stdout).not.toMatch(/expected/);
  });

  test('all examples with tests pass, and every included algorithm has tests', async () => {
    const namesIn = (folder: string) => readdirSync(join(root, 'examples', folder));
    const all = [...namesIn('.'), ...namesIn('search').map((name) => join('search', name))];
    const examples = all.filter((name) => name.endsWith('.yaml'));
    const texts = new Map(examples.map((name) => [name, readFileSync(join(root, 'examples', name), 'utf8')]));
    const tested = examples.filter((name) => /^tests:/m.test(texts.get(name) ?? ''));
    expect(tested.length).toBeGreaterThanOrEqual(9);
    const { stdout, stderr, status } = await cli(['test', ...tested.map((name) => join('examples', name))]);
    expect({ stderr, status }, stdout).toEqual({ stderr: '', status: 0 });
    for (const file of readdirSync(join(root, 'algorithms'))) {
      const use = new RegExp(`algorithm: ${file.replace('.yaml', '')}[,\n]`);
      expect(
        tested.some((name) => use.test(texts.get(name) ?? '')),
        file,
      ).toBe(true);
    }
  });
});
