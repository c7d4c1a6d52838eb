/** `by: parameters.T`: a rule for each value of a parameter, with metrics of the jobs that have it. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RuleReport } from '../../src/model/rule-report.js';
import { cli, ensembleFile, eventually, jsonLines, newFolder, root, start } from '../support/cli.js';

const linesOf = (path: string) =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').sort() : [];

const melt = `jobs:
  - name: melt
    command: sh -c "test {{T}} -lt 302"
    parameters: {T: [300, 301, 302, 303], seed: {from: 1, to: 5, step: 1}}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: metric
    by: parameters.T
    when: count(melt.failed, by parameters.T) >= 3
    action:
      name: exec
      command: sh -c "echo {{by}} of {{metrics.count(melt.failed, by parameters.T)}} >> failed.txt"
  - trigger: job-success
    name: melt
    by: parameters.T
    action:
      name: exec
      repetitions: 2
      command: sh -c "echo {{by}} {{job.parameters.T}} >> succeeded.txt"
`;

describe.concurrent('a rule for each value of a parameter', () => {
  test('gives up a temperature of the example, and writes the energies of the others', async () => {
    const cwd = newFolder();
    const example = join(root, 'examples/by-parameter-example.yaml');
    const args = ['run', '--json', '--allow-failures', '--state', join(cwd, 'state'), example];
    const { summary } = jsonLines(await cli(args, { cwd }));
    const energies = linesOf(join(cwd, 'energies.txt')).map((line) => line.split(' ').map(Number));
    expect(energies.map(([T]) => T).sort()).toEqual([1000, 1050, 1100, 1150, 850, 900, 950].sort());
    for (const [T = 0, energy = 0] of energies)
      expect(energy).toBeCloseTo(-3.4 + T / 4000 + (T > 930 ? 0.1 : 0), 1);
    const { failed = 0, queued } = summary.groups.melt?.count ?? {};
    expect(failed).toBeGreaterThanOrEqual(3);
    expect(queued).toBe(0);
  });

  test('fires for each value, with its own repetitions, and is in the report', async () => {
    const cwd = newFolder();
    const path = ensembleFile(melt, cwd);
    const { stdout, status } = await cli(['run', '--no-log', '--allow-failures', path], { cwd });
    expect(status).toBe(0);
    expect(linesOf(join(cwd, 'failed.txt'))).toEqual(['302 of 3', '303 of 3']);
    expect(linesOf(join(cwd, 'succeeded.txt'))).toEqual(['300 300', '300 300', '301 301', '301 301']);
    expect(stdout).toContain(' => trigger count(melt.failed, by parameters.T) >= 3 for T = 302\n');
    const table = stdout.slice(stdout.indexOf('parameters.T  count')).split('\n\n')[0] ?? '';
    const rows = table.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows[0]).toEqual(['parameters.T', 'count(melt.failed)', 'firings of rules[1]', 'firings of melt']);
    expect(
      rows
        .slice(1)
        .map((row) => row.join(' '))
        .sort(),
    ).toEqual(['300 0 0 2', '301 0 0 2', '302 5 1 0', '303 5 1 0']);
  });

  test('decides by measured values', async () => {
    const cwd = newFolder();
    const path = ensembleFile(
      `jobs:
  - name: scf
    command: sh -c "echo E={{a}}.{{n}}"
    parameters: {a: [1, 2, 3], n: [2, 4, 6]}
    measure: {energy: {pattern: 'E=(\\S+)'}}
rules:
  - {trigger: start, action: {name: submit, label: scf}}
  - trigger: metric
    by: parameters.a
    when: "mean(scf.energy, by: parameters.a) > 2 and count(scf.energy, by: parameters.a) >= 3"
    action: {name: exec, command: "sh -c 'echo {{by}} {{metrics.max(scf.energy, by parameters.a)}} >> best.txt'"}
  - trigger: metric
    by: parameters.a
    when: count(scf.success, by parameters.a) >= 3 and max(scf.energy, by parameters.a) > 0
    action: {name: exec, command: "sh -c 'echo {{by}} >> done.txt'"}
`,
      cwd,
    );
    const run = await cli(['run', '--json', '--state', join(cwd, 'state'), path], { cwd });
    const { summary } = jsonLines(run);
    expect(run.status).toBe(0);
    expect(linesOf(join(cwd, 'best.txt'))).toEqual(['2 2.6', '3 3.6']);
    expect(linesOf(join(cwd, 'done.txt'))).toEqual(['1', '2', '3']);
    const { rules } = summary as unknown as { rules: RuleReport[] };
    expect(rules[1]?.by?.values.find(({ value }) => value === 2)?.metrics).toEqual({
      'mean(scf.energy, by parameters.a)': 2.4,
      'count(scf.energy, by parameters.a)': 3,
    });
  });

  test.each([
    ['a window of active jobs', 'limits: {active: 2}\n', '"a{{T}}"'],
    ['jobs that are made late', 'limits: {active: 2}\n', '"a{{T}}-{{index}}"'],
    ['slots only', '', '"a{{T}}"'],
  ])('cancels the jobs of its value, with %s', async (_, limits, text) => {
    const cwd = newFolder();
    const path = ensembleFile(
      `${limits}jobs:
  - name: melt
    command: sh -c "echo ${text.replaceAll('"', '')} >> ran.txt; test {{T}} != bad"
    parameters: {T: [bad, good], seed: {from: 1, to: 40, step: 1}}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: metric
    by: parameters.T
    when: count(melt.failed, by parameters.T) >= 2
    action: {name: cancel, label: melt}
`,
      cwd,
    );
    const { summary } = jsonLines(
      await cli(['run', '--json', '--slots', '2', '--no-log', '--allow-failures', path], { cwd }),
    );
    const ran = linesOf(join(cwd, 'ran.txt'));
    expect(ran.filter((line) => line.startsWith('agood'))).toHaveLength(40);
    const bad = ran.filter((line) => line.startsWith('abad'));
    expect(bad.length).toBeGreaterThanOrEqual(2);
    expect(bad.length).toBeLessThan(20);
    expect(summary.groups.melt?.count).toMatchObject({ success: 40, queued: 0, pending: 0 });
  });

  test('goes on after its process was killed, and does not fire again for a value', async () => {
    const cwd = newFolder();
    const state = join(cwd, 'state');
    const path = ensembleFile(
      `jobs:
  - name: melt
    command: sh -c "echo {{T}} >> ran.txt; until [ {{T}} -lt 302 ] || [ -e go ]; do sleep 0.02; done; exit 1"
    parameters: {T: [300, 301, 302, 303], seed: [1, 2]}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: metric
    by: parameters.T
    when: count(melt.failed, by parameters.T) >= 1
    action: {name: exec, command: "sh -c 'echo {{by}} >> failed.txt'"}
`,
      cwd,
    );
    const running = start(['run', '--slots', '8', '--state', state, path], { cwd });
    const failed = () => [...new Set(linesOf(join(cwd, 'failed.txt')))];
    await eventually(async () => failed().length === 2, 'two values to fail');
    running.process.kill('SIGKILL');
    await running.finished;
    writeFileSync(join(cwd, 'go'), '');
    const resumed = await cli(['resume', '--state', state, '--allow-failures', '--json'], { cwd });
    expect(resumed.status).toBe(0);
    // A command whose end was not logged yet runs again.
    expect(failed()).toEqual(['300', '301', '302', '303']);
    const { rules } = jsonLines(resumed).summary as unknown as { rules: RuleReport[] };
    expect(rules[1]?.firings).toBe(4);
  });

  test.each([
    ['by: T', 'must be a parameter of the jobs, like parameters.T'],
    ['by: parameters.X', "unknown parameter 'X'; there are T and seed"],
    ['by: parameters.T\n    when: count.melt.failed > 3', 'no metric of the condition is by parameters.T'],
    ['when: count(melt.failed, by parameters.T) > 3', "add 'by: parameters.T' to the rule"],
    [
      'by: parameters.seed\n    when: count(melt.failed, by parameters.T) > 3',
      'is by another parameter than the rule',
    ],
    [
      'by: parameters.T\n    when: count(other.failed, by parameters.T) > 3',
      "the group 'other' has no parameter 'T'",
    ],
    [
      'by: parameters.T\n    when: count(melt.queued, by parameters.T) > 3',
      'queued jobs are not counted by a parameter',
    ],
    ['when: count.melt.failed > 3 # {{by}}', "unknown name '{{by}}'"],
  ])('%s is refused with a reason', async (rule, message) => {
    const path = ensembleFile(
      `jobs:
  - {name: melt, command: "true {{T}} {{seed}}", parameters: {T: [1, 2], seed: [1, 2]}}
  - {name: other, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: metric
    ${rule}
    action: {name: exec, command: "echo ${rule.includes('{{by}}') ? '{{by}}' : 'x'}"}
`,
      newFolder(),
    );
    const { stdout, stderr, status } = await cli(['validate', path]);
    expect(stdout + stderr).toContain(message);
    expect(status).toBe(2);
  });
});
