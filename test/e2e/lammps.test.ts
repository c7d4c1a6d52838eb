/** The plugin `lammps`, with a program in place of LAMMPS that prints what LAMMPS prints. */

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder } from '../support/cli.js';
import { LOST, MULTI, TWO_RUNS } from '../support/lammps/logs.js';
import { ODD_LOGS } from '../support/lammps/odd-logs.js';
import { loopLine, MEMORY } from '../support/lammps/printed.js';

/** A folder with a program `lmp` that prints the log `in.NAME` that it is given with `-in`. */
function folderOf(logs: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  writeFileSync(join(folder, 'lmp'), '#!/bin/sh\nwhile [ "$1" != -in ]; do shift; done\ncat "$2"\n');
  chmodSync(join(folder, 'lmp'), 0o755);
  for (const [name, text] of Object.entries(logs)) writeFileSync(join(folder, `in.${name}`), text);
  return folder;
}

const file = (folder: string, options: string) =>
  ensembleFile(
    `plugins: [lammps]
jobs:
  - name: melt
    use: lammps.job
    with: {input: "in.{{system}}", binary: ./lmp, variables: {T: 300}}
    parameters: {system: [hot, lost, multi]}
    workdir: ${folder}
  - {name: again, command: 'true'}
  - {name: refine, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: job-finish
    name: melt
    action: {name: lammps.check, repetitions: 3, with: ${options}}
`,
    folder,
  );

async function run(options: string) {
  const folder = folderOf({ hot: TWO_RUNS, lost: LOST, multi: MULTI });
  const { lines, summary } = jsonLines(await cli(['run', '--json', file(folder, options)]));
  const of = (type: string) => lines.filter((line) => line.type === type);
  return {
    output: of('output').map(({ line }) => String(line).replace(/check ƒ\w+/, 'check JOB')),
    problems: of('problem').map(({ message }) => message),
    submitted: ['melt', 'again', 'refine'].map((group) => summary.groups[group]?.count.submitted),
  };
}

/** Returns the output of `lammps.check` for each of these logs, and its problems. */
async function checked(logs: readonly string[], when: string) {
  const folder = folderOf(Object.fromEntries(logs.map((log, i) => [`log${i}`, log])));
  const path = ensembleFile(
    `plugins: [lammps]
jobs:
  - {name: melt, command: 'true {{log}}', parameters: {log: [${logs.map((_, i) => `log${i}`)}]}, workdir: ${folder}}
  - {name: again, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: job-success
    name: melt
    action:
      name: lammps.check
      repetitions: 1000
      with: {log: "in.{{log}}", when: ${when}, then: {name: submit, label: again}}
`,
    folder,
  );
  const { lines } = jsonLines(await cli(['run', '--json', '--slots', '1', path]));
  const of = (type: string) => lines.filter((line) => line.type === type);
  return {
    output: of('output').map(({ line }) => String(line).replace(/check ƒ\w+/, 'check JOB')),
    problems: of('problem').map(({ message }) => String(message)),
  };
}

describe.concurrent('the plugin lammps', () => {
  test('the check reads the log of each job, and performs the matching action', async () => {
    const { output, problems, submitted } = await run(
      '{when: {Temp: "> 2", errors: 0}, then: {name: submit, label: refine}, else: {name: submit, label: again}}',
    );
    expect(problems).toEqual([]);
    expect(output.sort()).toEqual([
      'lammps.check JOB: ERROR: Lost atoms: original 4000 current 3871 (src/thermo.cpp:494)',
      'lammps.check JOB: Temp = 0.5 (> 2), errors = 0 (== 0): no',
      'lammps.check JOB: Temp = 2.5 (> 2), errors = 0 (== 0): yes',
      'lammps.check JOB: Temp = unknown: it is not a number (> 2), errors = 1 (== 0): no',
    ]);
    expect(submitted).toEqual([3, 2, 1]);
  });

  test('the check reads unusual logs', async () => {
    const logs = Object.values(ODD_LOGS);
    const { output, problems } = await checked(logs, '{Temp: 900, rows: 2, runs: 2}');
    const yes = 'lammps.check JOB: Temp = 900 (== 900), rows = 2 (== 2), runs = 2 (== 2): yes';
    expect(problems).toEqual([]);
    expect(output.filter((line) => !line.includes('ERROR: Lost atoms'))).toEqual(logs.map(() => yes));
  });

  test('rows with NaN count once, and infinite values are ignored', async () => {
    const rows = '   0 nan 1\n   1 2 -nan\n   2 nan inf\n   3 -inf 3\n   4 5 6\n';
    const log = `${MEMORY}   Step c_a c_b\n${rows}${loopLine(4)}`;
    const { output } = await checked([log], '{nan: 4, rows: 5, c_a: "mean == 3.5", c_b: 6}');
    expect(output[0]).toMatch(/: yes$/);
  });

  test('unreadable and ambiguous parts of logs are reported with the reason', async () => {
    const begin = 'LAMMPS (2 Aug 2023)\n';
    const table = (name: string) => `   Step          ${name}     \n`;
    const row = (step: number, value: number) => `${String(step).padStart(10)}   ${value}            \n`;
    const logs = {
      // Two programs at once, whose tables have as many columns.
      mixed: `${begin}${begin}${MEMORY}${table('Temp')}${row(0, 1)}${table('KinEng')}${row(0, 2)}${row(10, 3)}`,
      unnamed: `${begin}${MEMORY}a b c d\n   1   2\n   2   3\n${loopLine(2)}`,
      same: `${begin}${begin}${MEMORY}${MEMORY}${table('Temp')}${table('Temp')}${row(0, 1)}${row(0, 1)}${row(10, 900)}`,
      'unlike runs': `${begin}${MEMORY}${table('Temp')}${row(0, 1)}${loopLine(0)}${MEMORY}${table('KinEng')}${row(0, 2)}`,
      empty: '',
    };
    const { output, problems } = await checked(Object.values(logs), '{Temp: 900}');
    expect(problems.map((message) => message.replace(/.*failed: /, '')).sort()).toEqual([
      "'Temp' is unknown, because parts of the log can't be read: line 4: lines of numbers form a table without names",
      "'Temp' is unknown, because parts of the log can't be read: line 7 and 1 other: rows of several tables with equally many columns can't be distinguished",
    ]);
    expect(output.sort()).toEqual([
      'lammps.check JOB: Temp = 900 (== 900): yes',
      'lammps.check JOB: Temp = unknown: the last run does not have this column (== 900): no',
      'lammps.check JOB: Temp = unknown: the thermo output is missing (== 900): no',
      'lammps.check JOB: line 7: several LAMMPS print the same table at once: their rows are mixed',
    ]);
    const errors = await checked([logs.unnamed, logs.mixed], '{errors: 0, complete: 0}');
    expect(errors.output.filter((line) => line.endsWith(': yes'))).toHaveLength(2);
  });

  test('the check supports alternatives, all runs, and another log file', async () => {
    const { problems, submitted } = await run(
      '{log: "in.{{system}}", runs: all, when: [{Temp: "max >= 3", complete: 1}, {errors: "> 0"}], then: [{name: submit, label: refine}, {name: submit, label: again}]}',
    );
    expect([problems, submitted]).toEqual([[], [3, 2, 2]]);
  });

  test('a missing column or log is reported', async () => {
    const { problems } = await run('{when: {Tmep: "> 2"}, then: {name: submit, label: again}}');
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(
      /^rule 'melt' \(rules\[1\]\): lammps\.check failed: the log has no column 'Tmep'; did you mean 'Temp'\?$/,
    );
    const missing = await run('{log: nowhere, when: {Temp: 1}, then: {name: submit, label: again}}');
    expect(missing.problems[0]).toMatch(/lammps\.check failed: ENOENT.*nowhere/);
  });

  test('the probe measures the last row of each log, and reports logs without it', async () => {
    const folder = folderOf({ hot: TWO_RUNS, lost: LOST, multi: MULTI });
    const path = ensembleFile(
      `plugins: [lammps]
jobs:
  - name: melt
    use: lammps.job
    with: {input: "in.{{system}}", binary: ./lmp}
    parameters: {system: [hot, lost, multi]}
    workdir: ${folder}
    probes:
      - probe: lammps.thermo
      - {probe: lammps.thermo, with: {log: "in.{{system}}", columns: {warnings: warnings}}}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - {trigger: metric, when: p100.melt-energy < -2.4 and min.melt-energy < -4, action: {name: cancel, label: melt}}
`,
      folder,
    );
    const { lines, summary } = jsonLines(await cli(['run', '--json', '--slots', '1', path]));
    const problems = lines.filter(({ type }) => type === 'problem').map(({ message }) => message);
    expect(problems).toEqual([
      expect.stringMatching(
        /^probe lammps\.thermo of group 'melt' for job \S+ failed: .*last row has no number for 'Temp'/,
      ),
    ]);
    expect(summary).toMatchObject({
      groups: {
        melt: {
          probes: {
            temperature: { count: 2, min: 0.5, max: 2.5 },
            energy: { count: 2, min: -4.6, max: -2.5, mean: -3.55 },
            wall_time: { count: 2, min: 1, max: 3723 },
            warnings: { count: 3, min: 1, max: 2 },
          },
        },
      },
    });
    expect(summary.firings).toBe(2);
  });

  test.each([
    [
      '{when: {Temp: "maxx > 2"}, then: {name: terminate}}',
      "with.when.Temp: unknown statistic 'maxx'; did you mean 'max'?",
    ],
    ['{when: {Temp: "> x"}, then: {name: terminate}}', 'with.when.Temp: '],
    ['{when: {Temp: 1}}', 'has neither `then` nor `else`'],
    ['{wehn: {Temp: 1}, then: {name: terminate}}', "unknown key 'wehn'; did you mean 'when'?"],
    [
      '{when: {Temp: 1}, then: {name: submit, label: refnie}}',
      "with.then.label: unknown job group 'refnie'; did you mean 'refine'?",
    ],
    ['{when: {Temp: 1}, else: [{name: sumbit}]}', 'with.else[0].name: must be one of '],
    [
      '{when: {Temp: 1}, else: {name: submit, lable: again}}',
      "with.else.lable: unknown key 'lable'; did you mean 'label'?",
    ],
  ])('%s is reported before the run', async (options, message) => {
    const { status, stdout } = await cli(['validate', file(newFolder(), options)]);
    expect([status, stdout]).toEqual([2, expect.stringContaining(message)]);
    expect(stdout).toMatch(/:14:\d+: error/);
  });
});
