/** `ensemble init`: its files are valid as they are, and run. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines, main, newFolder, root } from '../support/cli.js';

const MEMBERS = ['local', 'flux', 'slurm'] as const;

/** A machine without Flux and Slurm, except for these programs. */
function machine(...programs: readonly string[]): NodeJS.ProcessEnv {
  const folder = newFolder();
  for (const name of programs) writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  return { PATH: folder, FLUX_URI: undefined, SLURM_JOB_ID: undefined, SLURM_CONF: undefined };
}

describe.concurrent('ensemble init', () => {
  test.each(MEMBERS)(
    'the file for %s is short, valid without warnings, and names its schema',
    async (member) => {
      const cwd = newFolder();
      const made = await cli(['init', '--for', member], { cwd });
      expect(made).toMatchObject({ status: 0, stderr: '' });
      expect(made.stdout).toMatch(new RegExp(`^wrote ensemble.yaml for ${member}\nnext: .*ensemble.yaml\n$`));
      const text = readFileSync(join(cwd, 'ensemble.yaml'), 'utf8');
      const lines = text.trimEnd().split('\n');
      expect(lines.length).toBeLessThan(40);
      const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/.exec(lines[0] ?? '') ?? [];
      expect(JSON.parse(readFileSync(schema, 'utf8'))).toHaveProperty('properties.rules');
      const checked = await cli(['validate', 'ensemble.yaml'], { cwd });
      expect(checked).toMatchObject({
        status: 0,
        stderr: '',
        stdout: 'ensemble.yaml: valid (2 job groups, 3 rules)\n',
      });
      const plan = await cli(['run', 'ensemble.yaml', '--dry-run', '--json', '--executor', member], { cwd });
      expect(plan).toMatchObject({ status: 0, stderr: '' });
      expect(plan.stdout).toContain('"jobspec"');
    },
  );

  test.each(MEMBERS)('the file for %s runs to its end on the local member', async (member) => {
    const cwd = newFolder();
    await cli(['init', '--for', member], { cwd });
    const args = ['run', 'ensemble.yaml', '--executor', 'local', '--json', '--state', join(cwd, 'state')];
    const ran = await cli(args, { cwd });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const { end, groups, firings } = jsonLines(ran).summary;
    expect({ end, firings }).toEqual({ end: 'idle', firings: 2 });
    expect(groups.simulate?.count.success).toBe(4);
    expect(groups.summarize?.count.success).toBe(1);
    expect(readFileSync(join(cwd, 'summary.txt'), 'utf8')).toBe('four simulations have succeeded\n');
  });

  test.each(MEMBERS)('the commented lines of the file for %s are valid too', async (member) => {
    const cwd = newFolder();
    const { stdout } = await cli(['init', '-', '--for', member], { cwd });
    // Comments that are YAML have a key and a brace, or a key and one word before another comment.
    const text = stdout.replaceAll(/^( *)# (\w+: (?:\{.*\}|\w+ +# .*))$/gm, '$1$2');
    if (member !== 'local') expect(text).not.toBe(stdout);
    writeFileSync(join(cwd, 'all.yaml'), text);
    expect(await cli(['validate', 'all.yaml'], { cwd })).toMatchObject({
      status: 0,
      stdout: 'all.yaml: valid (2 job groups, 3 rules)\n',
    });
  });

  test('the default is the member that a run takes, and the next command runs the file on it', async () => {
    const cases = [
      [machine(), 'local, which `ensemble run` takes here (see --for)', 'ensemble run'],
      [
        machine('sbatch'),
        'slurm, which `ensemble run` takes here because sbatch is on PATH, and flux is not (see --for)',
        'ensemble run',
      ],
      [machine('sbatch', 'flux'), 'local, which `ensemble run` takes here (see --for)', 'ensemble run'],
    ] as const;
    for (const [env, words, command] of cases) {
      const { stdout } = await cli(['init'], { cwd: newFolder(), env });
      expect(stdout).toBe(`wrote ensemble.yaml for ${words}\nnext: ${command} ensemble.yaml\n`);
    }
  });

  test('inside a Flux instance, the default is Flux', async () => {
    const env = { ...machine(), FLUX_URI: 'local:///nowhere' };
    const { stdout } = await cli(['init'], { cwd: newFolder(), env });
    expect(stdout).toMatch(/^wrote ensemble.yaml for flux, .*\nnext: ensemble run ensemble.yaml\n$/);
  });

  test('the next command for another member names it', async () => {
    const next = async (member: string, env: NodeJS.ProcessEnv) =>
      (await cli(['init', 'a b.yaml', '--for', member], { cwd: newFolder(), env })).stdout.split('\n')[1];
    expect(await next('flux', machine())).toBe("next: flux start ensemble run 'a b.yaml'");
    expect(await next('slurm', machine())).toBe("next: ensemble run --executor slurm 'a b.yaml'");
    expect(await next('local', machine('sbatch'))).toBe("next: ensemble run --executor local 'a b.yaml'");
  });

  test('a shell runs the next command as it is printed', async () => {
    const cwd = newFolder();
    const made = await cli(['init', '--for', 'local', '--', '-odd name.yaml'], { cwd, env: machine() });
    const [, next = ''] = /^next: (.*)$/m.exec(made.stdout) ?? [];
    const script = `ensemble() { '${process.execPath}' '${main}' "$@"; }\n${next}`;
    const env = { ...process.env, FLUX_URI: undefined, XDG_STATE_HOME: newFolder() };
    const { status } = spawnSync('bash', ['-c', script], { cwd, env, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(existsSync(join(cwd, 'summary.txt'))).toBe(true);
  });

  test('a file that exists is kept, unless --force is given', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'ensemble.yaml'), 'mine\n');
    const refused = await cli(['init'], { cwd });
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain(
      'ensemble.yaml exists already; name another file, or replace it with --force [ERR_FILE]',
    );
    expect(readFileSync(join(cwd, 'ensemble.yaml'), 'utf8')).toBe('mine\n');
    expect(await cli(['init', '--force'], { cwd })).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(cwd, 'ensemble.yaml'), 'utf8')).toMatch(/^# yaml-language-server:/);
    expect(await cli(['init', 'no/such/folder.yaml'], { cwd })).toMatchObject({ status: 2 });
  });

  test('- prints the file alone on standard output', async () => {
    const cwd = newFolder();
    const printed = await cli(['init', '-', '--for', 'slurm'], { cwd, env: machine() });
    expect(printed).toMatchObject({
      status: 0,
      stderr: 'a first file for slurm\nnext: ensemble run --executor slurm FILE\n',
    });
    await cli(['init', '--for', 'slurm'], { cwd });
    expect(printed.stdout).toBe(readFileSync(join(cwd, 'ensemble.yaml'), 'utf8'));
  });

  test('the path of the schema is relative in a folder that has the package, and survives spaces', async () => {
    const study = join(newFolder(), 'my study');
    const installed = join(study, 'node_modules/flux-ensemble');
    mkdirSync(join(installed, 'native'), { recursive: true });
    for (const name of ['dist', 'package.json', 'node_modules'])
      symlinkSync(join(root, name), join(installed, name));
    const schemaOf = async (cwd: string) => {
      // Node would follow the links to the checkout.
      const env = { NODE_OPTIONS: '--preserve-symlinks --preserve-symlinks-main' };
      const program = join(installed, 'dist/cli/main.js');
      const { stdout } = await cli(['init', '-', '--for', 'local'], { cwd, env, program });
      return /\$schema=(.*)\n/.exec(stdout)?.[1];
    };
    expect(await schemaOf(study)).toBe('./node_modules/flux-ensemble/dist/ensemble.schema.json');
    expect(await schemaOf(newFolder())).toMatch(/^file:\/\/\/.*my%20study\/.*ensemble\.schema\.json$/);
  });
});
