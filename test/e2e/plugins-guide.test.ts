/** docs/plugins.md, done as it is written, but for `npm install`: the package is where that would put it. */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines, newFolder, root } from '../support/cli.js';
import { diagnose } from '../support/config.js';

const page = readFileSync(join(root, 'docs/plugins.md'), 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text = '']) => text,
  );
}

const [plugin = '', jobs = '', probes = ''] = blocks('js');
const [study = '', measured = '', ...lammps] = blocks('yaml');
const [install = '', session = ''] = blocks('console');

/** An empty folder after the page's first block, with these files in it. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  expect(install).toContain('npm install flux-ensemble');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/flux-ensemble'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe.concurrent('docs/plugins.md', () => {
  test('its plugin works as described', async () => {
    const cwd = folderWith({ 'solver.mjs': plugin, 'study.yaml': study });
    let shown = '';
    for (const line of session.split('\n')) {
      if (!line.startsWith('$ npx ensemble ')) continue;
      const { stdout, stderr, status } = await cli(line.slice('$ npx ensemble '.length).split(' '), { cwd });
      expect([status, stderr]).toEqual([0, '']);
      shown += stdout;
    }
    const said = session.split('\n').filter((line) => line !== '' && line !== '...' && !line.startsWith('$'));
    for (const line of said) expect(shown).toContain(`${line}\n`);
    expect(shown.match(/step \d+: residual/g)).toHaveLength(5);
  });

  test('a misspelled option gives the message of the page', async () => {
    const cwd = folderWith({ 'solver.mjs': plugin, 'study.yaml': study.replace('below: 5', 'belwo: 5') });
    const { stdout, status } = await cli(['validate', 'study.yaml'], { cwd });
    expect(status).toBe(2);
    const [, message = ''] = /says where: `(.*?)`\n/.exec(page) ?? [];
    expect(stdout).toContain(message);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });

  test('its kind of jobs works', async () => {
    const [, entry = ''] = /the entry is `(\{.*?\})`/s.exec(page) ?? [];
    const withJobs = plugin.replace(/^\}\);$/m, `${jobs}});`);
    const withEntry = study.replace(
      / {2}- name: solve\n(?: {4}.*\n)+(?=rules)/,
      `  - ${entry.replace('\n', ' ')}\n`,
    );
    const cwd = folderWith({ 'solver.mjs': withJobs, 'study.yaml': withEntry });
    const { stdout, stderr } = await cli(['run', 'study.yaml'], { cwd });
    expect(stderr).toBe('');
    expect(stdout).toContain('step 1: residual 400');
    expect(stdout).toContain('step 9: residual 4');
  });

  test('its probe measures the values of the page', async () => {
    const cwd = folderWith({
      'solver.mjs': plugin.replace(/^\}\);$/m, `${probes}});`),
      'study.yaml': measured,
    });
    const tested = await cli(['test', 'study.yaml'], { cwd });
    expect([tested.status, tested.stdout]).toEqual([0, expect.stringContaining('1 passed')]);
    const { summary } = jsonLines(await cli(['run', '--json', '--slots', '1', 'study.yaml'], { cwd }));
    expect(summary).toMatchObject({
      end: 'terminated',
      groups: { solve: { probes: { residual: { count: 3, max: 1, min: 0.04 } } } },
    });
  });

  test('its lammps examples are valid', () => {
    expect(lammps).toHaveLength(2);
    for (const example of lammps) expect(diagnose(example)).toEqual([]);
  });
});
