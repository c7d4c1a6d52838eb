/** `ensemble report` of real runs and of recordings. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, ensembleFile, newFolder, start } from '../support/cli.js';
import { attributeOf, parsePage } from '../support/html.js';

const STUDY = `jobs:
  - name: melt
    command: sh -c 'test $0 -lt 400 || { echo "too <b>hot" >&2; exit 3; }' {{T}}
    parameters: {T: [300, 350, 400, 450]}
    count: 8
  - {name: refine, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - {trigger: job-success, name: melt, action: {name: submit, label: refine, repetitions: 2}}
`;

const SECTIONS = [
  'summary',
  'outcomes',
  'failures',
  'blame',
  'timeline',
  'histograms',
  'groups',
  'slowest',
].concat([...['failed', 'rules', 'environment', 'file']]);

/** Parses a page that is valid, has all sections, and loads and runs nothing. */
function reportOf(text: string) {
  const page = parsePage(text);
  expect(page.errors).toEqual([]);
  const sections = page.elements.filter(({ tagName }) => tagName === 'section');
  expect(sections.map((section) => attributeOf(section, 'id'))).toEqual(SECTIONS);
  const names = new Set(page.elements.map(({ tagName }) => tagName));
  for (const name of ['script', 'link', 'img', 'iframe', 'object']) expect(names).not.toContain(name);
  const attributes = page.elements.flatMap(({ attrs }) => attrs);
  expect(attributes.filter(({ name }) => name === 'src' || name.startsWith('on'))).toEqual([]);
  const links = attributes.filter(({ name }) => name === 'href').map(({ value }) => value);
  expect(links).toEqual(SECTIONS.map((id) => `#${id}`));
  const ids = attributes.filter(({ name }) => name === 'id').map(({ value }) => value);
  expect(new Set(ids).size).toBe(ids.length);
  return page;
}

describe('a run with failures', () => {
  const folder = newFolder();
  const state = newFolder();
  const report = (...args: string[]) => cli(['report', ...args, '--state', state], { cwd: folder });
  beforeAll(async () => {
    await cli(['run', ensembleFile(STUDY, folder), '--slots', '4', '--state', state], { cwd: folder });
  });

  test('is shown with its causes, rules and file', async () => {
    const { stdout, stderr, status } = await report();
    expect([stderr, status]).toEqual(['', 0]);
    const [, name = ''] = /^(report-\w+\.html) \([\d.]+ kB\)\n$/.exec(stdout) ?? [];
    const { textOf } = reportOf(readFileSync(join(folder, name), 'utf8'));
    expect(textOf('outcomes')).toMatch(/completed +18 +52\.9 % +failed +16 +47\.1 %/);
    expect(textOf('failures')).toMatch(/exit status 3 *too <b>hot +melt +16 +ƒ/);
    expect(textOf('blame')).toContain('16 of 16 jobs with T >= 400 failed');
    expect(textOf('timeline')).toMatch(/% +of the 4 that ran at once at most/);
    expect(textOf('groups')).toMatch(/melt +32 +16 +32/);
    expect(textOf('failed')).toMatch(/T=400/);
    expect(textOf('rules')).toMatch(
      /start: submit melt.*melt: submit refine job-success of melt.* It fired twice/,
    );
    expect(textOf('file')).toContain('parameters: {T: [300, 350, 400, 450]}');
    expect(textOf('environment')).toContain(process.version);
  });

  test('replaces only a report', async () => {
    const path = join(folder, 'notes.html');
    writeFileSync(path, '<p>mine</p>');
    const refused = await report('-o', path);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('it exists and is not a report');
    expect(readFileSync(path, 'utf8')).toBe('<p>mine</p>');
    expect((await report('-o', path, '--force')).status).toBe(0);
    expect((await report('-o', path)).status).toBe(0);
    reportOf(readFileSync(path, 'utf8'));
  });
});

test('a run that goes on is shown as it is', async () => {
  const folder = newFolder();
  const state = newFolder();
  const text = `jobs: [{name: long, command: sleep 60}]\nrules: [{trigger: start, action: {name: submit, label: long}}]\n`;
  const run = start(['run', ensembleFile(text, folder), '--state', state, '--json'], { cwd: folder });
  await run.printed('firing');
  const shown = async () =>
    reportOf((await cli(['report', '-o', '-', '--state', state], { cwd: folder })).stdout);
  await expect.poll(async () => (await shown()).textOf('outcomes'), { timeout: 20_000 }).toContain('active');
  expect((await shown()).textOf('summary')).toContain('ended not yet');
  run.process.kill('SIGTERM');
  await run.finished;
});

test('an empty run has all sections', async () => {
  const folder = newFolder();
  const state = newFolder();
  const text = 'jobs: [{name: none, command: "true"}]\nrules: []\n';
  await cli(['run', ensembleFile(text, folder), '--state', state], { cwd: folder });
  const { stdout, stderr } = await cli(['report', '-o', '-', '--state', state], { cwd: folder });
  expect(stderr).toBe('');
  expect(reportOf(stdout).textOf('outcomes')).toContain('The run has no jobs.');
});

test('a recording is shown with the rules of an ensemble', async () => {
  const folder = newFolder();
  const recording = join(folder, 'queue.ndjson.gz');
  await cli(['synth', '--jobs', '400', '--groups', '2', '--failures', '0.2', '--output', recording]);
  const plain = await cli(['report', recording, '-o', '-']);
  expect([plain.stderr, plain.status]).toEqual(['', 0]);
  const { textOf } = reportOf(plain.stdout);
  expect(textOf('summary')).toMatch(/^Summary 400 jobs/);
  expect(textOf('histograms')).toContain('group-1');
  expect(textOf('rules')).toContain('The rules are unknown.');
  const file = ensembleFile(
    `jobs: [{name: group-1, command: "true"}]\nrules: [{trigger: metric, name: count.group-1.success, when: 20, action: {name: terminate}}]\n`,
  );
  const { stdout } = await cli(['report', recording, file, '-o', '-']);
  expect(reportOf(stdout).textOf('rules')).toMatch(/It fired once/);
});
