/** Outputs of jobs that name no file of their own. */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EnsembleInput } from '../../../../src/config/schema/input.js';
import type { Failure } from '../../../../src/model/failure.js';
import { keptFiles } from '../../../../src/model/kept-files.js';
import { Ensemble } from '../../../../src/run/ensemble.js';
import { openRun } from '../../../../src/run/open-run.js';
import { newFolder } from '../../../support/cli.js';

const files = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort()
    : [];

async function run(jobs: EnsembleInput['jobs'], runFolder: string | undefined) {
  const failures: Failure[] = [];
  const problems: string[] = [];
  const labels = [...new Set(jobs.map(({ name }) => name))];
  const ensemble = Ensemble.fromObject(
    { jobs, rules: labels.map((label) => ({ trigger: 'start', action: { name: 'submit', label } })) },
    {
      ...(runFolder === undefined ? {} : { runFolder }),
      slots: 2,
      observer: { failure: (one) => failures.push(one), problem: ({ message }) => problems.push(message) },
    },
  );
  const result = await ensemble.run();
  await ensemble.close();
  return { result, failures, problems };
}

const talks = { command: "sh -c 'echo out; echo err >&2'" };

test('they are kept in the folder of the run; empty ones are removed', async () => {
  const folder = newFolder();
  const jobs = [
    { name: 'both', ...talks, count: 2 },
    { name: 'a/../../b', command: 'echo out' },
    { name: 'silent', command: 'true' },
    { name: 'own', ...talks, output: 'own.txt', workdir: folder },
    { name: 'half', ...talks, error: 'half.txt', workdir: folder },
  ];
  const { result, problems } = await run(jobs, folder);
  expect(problems).toEqual([]);
  expect(result.failedJobs).toBe(0);
  const kept = files(join(folder, 'out')).map((name) => name.replace(/f\w+\./, 'ID.'));
  expect(kept).toEqual([
    'a_.._.._b/1/0-ID.out',
    'both/0/0-ID.err',
    'both/0/0-ID.out',
    'both/0/1-ID.err',
    'both/0/1-ID.out',
    'half/4/0-ID.out',
  ]);
  expect(readFileSync(join(folder, 'own.txt'), 'utf8')).toBe('out\nerr\n');
  expect(readFileSync(join(folder, 'half.txt'), 'utf8')).toBe('err\n');
});

test('failures name the files, and the last line of standard error', async () => {
  const folder = newFolder();
  const command = "sh -c 'echo out; echo first >&2; echo last >&2; exit 3'";
  const { failures } = await run([{ name: 'a', command }], folder);
  expect(failures).toMatchObject([{ reason: 'exit status 3', line: 'last' }]);
  const [{ output, error } = { output: '', error: '' }] = failures;
  expect(readFileSync(output ?? '', 'utf8')).toBe('out\n');
  expect(readFileSync(error ?? '', 'utf8')).toBe('first\nlast\n');
});

test('a failure does not name a file that is empty', async () => {
  const { failures } = await run([{ name: 'a', command: 'false' }], newFolder());
  expect(failures).toMatchObject([{ line: null, output: null, error: null }]);
});

test('a program that is missing is reported as without a folder', async () => {
  const { failures } = await run([{ name: 'a', command: 'no-such-program' }], newFolder());
  const [without] = (await run([{ name: 'a', command: 'no-such-program' }], undefined)).failures;
  expect(failures).toMatchObject([{ reason: without?.reason, line: without?.line }]);
});

test('jobs run without them where the folder can not be made', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'out'));
  writeFileSync(join(folder, 'out', 'a'), 'a file');
  const { result, problems } = await run([{ name: 'a', ...talks, count: 5 }], folder);
  expect(result.failedJobs).toBe(0);
  expect(problems).toEqual([expect.stringMatching(/^outputs of jobs are not kept: .* can't be created: /)]);
});

test('jobs run without them where a file can not be opened', async () => {
  const folder = newFolder();
  // The names of files are not known before, so the folder of the first firing is a link to one that takes no files.
  mkdirSync(join(folder, 'out', 'a'), { recursive: true });
  const { symlinkSync } = await import('node:fs');
  symlinkSync('/proc/self', join(folder, 'out', 'a', '0'));
  const { result, problems } = await run([{ name: 'a', ...talks, count: 5 }], folder);
  expect(result.failedJobs).toBe(0);
  expect(result.metrics.groups.get('a')?.count.success).toBe(5);
  expect(problems).toEqual([
    expect.stringMatching(/^outputs of jobs are not kept: .*\.out can't be written: /),
  ]);
  chmodSync(folder, 0o700);
});

test('no folder has more than about 1,000 entries', () => {
  const at = (firing: number, index: number) => keptFiles({ group: 'g', firing, index, id: 58n });
  expect(at(0, 0)).toEqual({ folder: 'g/0', output: 'g/0/0-f21.out', error: 'g/0/0-f21.err' });
  expect(at(999, 999).output).toBe('g/999/999-f21.out');
  expect(at(0, 1000).output).toBe('g/0/1k/1000-f21.out');
  expect(at(12_345, 2_345_678).output).toBe('g/12k/12345/2345k/2345678-f21.out');
});

test.each([
  ['../x', '_._x'],
  ['.', '_'],
  ['..', '_.'],
  ['a b/c\0d', 'a_b_c_d'],
  ['schmelze-ä', 'schmelze-ä'],
  ['融'.repeat(300), '融'.repeat(60)],
  ['', '_'],
])('the folder of group %j', (group, folder) => {
  expect(keptFiles({ group, firing: 0, index: 0, id: 1n }).folder).toBe(`${folder}/0`);
});

describe('the folder of a run in a program', () => {
  const config: EnsembleInput = {
    jobs: [{ name: 'a', command: 'echo out', nodes: 1 }],
    rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
  };

  test('can be opened afterwards', async () => {
    const runFolder = join(newFolder(), 'new', 'run');
    const ensemble = Ensemble.fromObject(config, { runFolder, name: 'study' });
    // Two runs at once would write to one log.
    expect(() => Ensemble.fromObject(config, { runFolder })).toThrow('is the folder of another run');
    await ensemble.run();
    await ensemble.close();
    const run = await openRun(runFolder);
    expect(run).toMatchObject({ id: 'run', name: 'study', state: 'done' });
    const jobs = [];
    for await (const job of run.jobs()) jobs.push(job);
    expect(jobs).toMatchObject([{ group: 'a', result: 'completed', nodes: 1 }]);
    expect(readFileSync(jobs[0]?.output ?? '', 'utf8')).toBe('out\n');
    expect(() => Ensemble.fromObject(config, { runFolder })).toThrow(
      expect.objectContaining({ code: 'ERR_RUN' }),
    );
  });

  test('is given back by a run that never began', async () => {
    const runFolder = newFolder();
    await Ensemble.fromObject(config, { runFolder }).close();
    const second = Ensemble.fromObject(config, { runFolder });
    expect((await second.run()).failedJobs).toBe(0);
    await second.close();
  });

  test('is an error where it can not be made', () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    expect(() => Ensemble.fromObject(config, { runFolder: join(file, 'run') })).toThrow(
      expect.objectContaining({ code: 'ERR_FILE' }),
    );
  });
});
