/** `ensemble blame` over runs of real jobs. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { widthOf } from '../../src/text/width.js';
import { cli, ensembleFile, main, newFolder } from '../support/cli.js';
import { jsonOf } from '../support/service.js';
import { onTerminal } from './pty.js';

const start = 'rules:\n  - {trigger: start, action: {name: submit, label: melt}}\n';
const study = (command: string) => `jobs:
  - name: melt
    command: ${command}
    parameters: {T: [300, 350, 400, 450], kind: [a, b, c]}
    count: 4
${start}`;

/** Runs a file, and returns the commands that look at the run. */
async function ran(text: string) {
  const state = newFolder();
  const folder = newFolder();
  await cli(['run', ensembleFile(text, folder), '--slots', '8', '--state', state], { cwd: folder });
  const [{ id, path }] = jsonOf<{ id: string; path: string }>(
    await cli(['runs', '--json', '--state', state]),
  ) as [{ id: string; path: string }];
  const blame = (...args: string[]) => cli(['blame', '--state', state, ...args], { cwd: folder });
  return { state, folder, id, path, blame };
}

describe('a run whose jobs fail at high temperatures', () => {
  let run: Awaited<ReturnType<typeof ran>>;
  beforeAll(async () => {
    run = await ran(study(`sh -c 'test $0 -lt 400 || exit 3' {{T}}`));
  });

  test('is explained by the temperature', async () => {
    const { stdout, stderr, status } = await run.blame();
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(
      /^24 of 48 jobs failed\n\nfailures: 24 of 24 jobs with T >= 400 failed, 0 of 24 others \(p < 1e-\d+\)\n/,
    );
    expect(stdout).toContain('  ended with exit status 3 (all)\n');
    expect(stdout).not.toContain('slowness');
  });

  test('has a command that lists exactly these jobs', async () => {
    const { stdout } = await run.blame();
    const command = stdout.slice(stdout.indexOf('  ensemble jobs'));
    // A command `ensemble` as a shell finds it.
    const bin = newFolder();
    mkdirSync(join(bin, 'bin'));
    symlinkSync(main, join(bin, 'bin', 'ensemble'));
    chmodSync(main, 0o755);
    const listed = execFileSync('sh', ['-c', `${command.trimEnd()} --json`], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(bin, 'bin')}:${process.env.PATH}` },
    });
    const jobs = listed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { parameters: { T: number } });
    expect(jobs).toHaveLength(24);
    expect(new Set(jobs.map(({ parameters: { T } }) => T))).toEqual(new Set([400, 450]));
  });

  test('is explained in JSON', async () => {
    const [found] = jsonOf<{ findings: readonly unknown[] }>(await run.blame(run.id, '--json'));
    expect(found).toMatchObject({
      jobs: 48,
      failed: 24,
      findings: [
        {
          effect: 'failures',
          cause: { column: 'parameters.T', from: 400, below: null },
          query: { results: ['failed'], where: 'parameters.T >= 400' },
          reasons: [{ exit: 3, exception: null, jobs: 24 }],
        },
      ],
    });
  });

  test('is found by its folder, which the command names then', async () => {
    const { stdout } = await cli(['blame', run.path]);
    expect(stdout).toContain(`ensemble jobs ${run.path} `);
  });

  test('fits into 80 columns', async () => {
    const shown = await onTerminal(['blame', '--state', run.state, run.id], { columns: 80 });
    const lines = stripVTControlCharacters(shown).trimEnd().split(/\r*\n/);
    expect(lines.length).toBeGreaterThan(3);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
  });
});

test('slow jobs are explained by a value', async () => {
  const { blame } = await ran(study(`sh -c 'test $0 != b || sleep 0.6' {{kind}}`));
  const { stdout } = await blame();
  expect(stdout).toMatch(
    /^0 of 48 jobs failed\n\nslowness: 16 jobs with kind = b took \S+ times as long as 32\s/,
  );
  expect(stdout).toContain(`--where 'parameters.kind == "b"'\n`);
});

test('jobs that failed for some time are explained by the time', async () => {
  const { blame } = await ran(`jobs:
  - name: melt
    command: sh -c 'echo >> count; n=$(wc -l < count); sleep 0.05; test $n -lt 40 -o $n -gt 80'
    count: 150
${start}`);
  const { stdout } = await blame();
  expect(stdout).toMatch(
    /^failures: \d+ of \d+ jobs that (?:started|ended) from [\d-]+ [\d:]+ to\s+[\d-]+\s+[\d:]+\s+\([\d.]+\s+s\)\s+failed,/m,
  );
  expect(stdout).toMatch(/--where '(?:start|finish) >= [\d.]+ and (?:start|finish) < [\d.]+'\n/);
});

test('a run in which nothing stands out says so', async () => {
  // On a busy machine, some of many short jobs are slow enough to stand out.
  const { blame } = await ran(`jobs:
  - {name: melt, command: "true", parameters: {T: [1, 2, 3]}, count: 2}
${start}`);
  expect((await blame()).stdout).toBe('0 of 6 jobs failed\nnothing stands out among 0 possible causes\n');
});

test('a parameter with control characters and quotes is shown escaped, and quoted for the shell', async () => {
  const { blame } = await ran(`jobs:
  - name: melt
    command: sh -c 'case "$0" in i*) exit 4;; esac' {{kind}}
    parameters: {kind: ["it's", "\\e[31mred", plain]}
    count: 10
${start}`);
  const { stdout } = await blame();
  expect(stdout).toContain("10 of 10 jobs with kind = it's failed");
  expect(stdout).toContain(`--where 'parameters.kind == "it'\\''s"'`);
  const red = await ran(`jobs:
  - name: melt
    command: sh -c 'case "$0" in *red) exit 4;; esac' {{kind}}
    parameters: {kind: ["\\e[31mred", plain]}
    count: 10
${start}`);
  const shown = (await red.blame()).stdout;
  expect(shown).toContain('jobs with kind = \\u001b[31mred failed');
  expect(shown).not.toContain('\u001b');
});

test('an unknown run is refused', async () => {
  const { stderr, status } = await cli(['blame', 'nothing', '--state', newFolder()]);
  expect(status).toBe(2);
  expect(stderr).toContain("unknown run 'nothing'");
});
