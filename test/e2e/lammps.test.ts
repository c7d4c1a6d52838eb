/** The plugin `lammps`, with a program in place of LAMMPS that prints what LAMMPS prints. */

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LOST, MULTI, TWO_RUNS } from '../unit/lammps/logs.js';
import { cli, ensembleFile, jsonLines, newFolder } from './cli.js';

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

describe.concurrent('the plugin lammps', () => {
  test('reads the log of each job and does one thing or the other', async () => {
    const { output, problems, submitted } = await run(
      '{when: {Temp: "> 2", errors: 0}, then: {name: submit, label: refine}, else: {name: submit, label: again}}',
    );
    expect(problems).toEqual([]);
    expect(output.sort()).toEqual([
      'lammps.check JOB: ERROR: Lost atoms: original 4000 current 3871 (src/thermo.cpp:494)',
      'lammps.check JOB: Temp = 0.5 (> 2), errors = 0 (== 0): no',
      'lammps.check JOB: Temp = 2.5 (> 2), errors = 0 (== 0): yes',
      'lammps.check JOB: Temp = unknown (> 2), errors = 1 (== 0): no',
    ]);
    expect(submitted).toEqual([3, 2, 1]);
  });

  test('takes alternatives, all runs, and a log elsewhere', async () => {
    const { problems, submitted } = await run(
      '{log: "in.{{system}}", runs: all, when: [{Temp: "max >= 3", complete: 1}, {errors: "> 0"}], then: [{name: submit, label: refine}, {name: submit, label: again}]}',
    );
    expect([problems, submitted]).toEqual([[], [3, 2, 2]]);
  });

  test('says which column or log is not there', async () => {
    const { problems } = await run('{when: {Tmep: "> 2"}, then: {name: submit, label: again}}');
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(
      /^rule 'melt' \(rules\[1\]\): lammps\.check failed: the log has no column 'Tmep'; did you mean 'Temp'\?$/,
    );
    const missing = await run('{log: nowhere, when: {Temp: 1}, then: {name: submit, label: again}}');
    expect(missing.problems[0]).toMatch(/lammps\.check failed: ENOENT.*nowhere/);
  });

  test('measures the last row of each log, and says of which it can not', async () => {
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
        /^probe lammps\.thermo of group 'melt' for job \S+ failed: .*'Temp' in its last row/,
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
      "with.when.Temp: no statistic 'maxx'; did you mean 'max'?",
    ],
    ['{when: {Temp: "> x"}, then: {name: terminate}}', 'with.when.Temp: '],
    ['{when: {Temp: 1}}', 'has neither `then` nor `else`'],
    ['{wehn: {Temp: 1}, then: {name: terminate}}', "unknown key 'wehn'; did you mean 'when'?"],
    [
      '{when: {Temp: 1}, then: {name: submit, label: refnie}}',
      "with.then.label: no job group 'refnie'; did you mean 'refine'?",
    ],
    ['{when: {Temp: 1}, else: [{name: sumbit}]}', 'with.else[0].name: must be one of '],
    [
      '{when: {Temp: 1}, else: {name: submit, lable: again}}',
      "with.else.lable: unknown key 'lable'; did you mean 'label'?",
    ],
  ])('%s is found before the run', async (options, message) => {
    const { status, stdout } = await cli(['validate', file(newFolder(), options)]);
    expect([status, stdout]).toEqual([2, expect.stringContaining(message)]);
    expect(stdout).toMatch(/:14:\d+: error/);
  });
});
