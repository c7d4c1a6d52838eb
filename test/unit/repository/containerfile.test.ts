/** deploy/Containerfile: its paths and commands exist. Building it needs an engine for containers, which tests do not have. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { doctorCommand } from '../../../src/cli/doctor.js';
import { lsCommand } from '../../../src/cli/ls.js';
import { startCommand } from '../../../src/cli/server-start.js';
import { root } from '../../support/cli.js';

const text = readFileSync(join(root, 'deploy/Containerfile'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
};
const known = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trimEnd().split('\n');

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

function stagesOf(file: string): Stage[] {
  const lines = file.replaceAll(/\\\n/g, ' ').split('\n');
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    const from = /^(\S+) AS (\S+)$/.exec(rest);
    if (name === 'FROM') stages.push({ name: from?.[2] ?? '', base: from?.[1] ?? '', instructions: [] });
    else stages.at(-1)?.instructions.push({ name, rest });
  }
  return stages;
}

const stages = stagesOf(text);
const stage = (name: string) => stages.find((each) => each.name === name);
/** All that holds in a stage: its own instructions after those of the stages that it begins from. */
function inherited(name: string): readonly Instruction[] {
  const found = stage(name);
  return found === undefined ? [] : [...inherited(found.base), ...found.instructions];
}
const last = (name: string, instruction: string) =>
  inherited(name).findLast((each) => each.name === instruction)?.rest;
const words = (json: string | undefined) => JSON.parse(/\[.*\]$/.exec(json ?? '')?.[0] ?? '[]') as string[];

const copies = stages.flatMap(({ instructions }) =>
  instructions.filter(({ name }) => name === 'COPY').map(({ rest }) => rest.split(/\s+/)),
);
const fromContext = copies
  .filter(([first]) => !first?.startsWith('--from='))
  .flatMap((each) => each.slice(0, -1));

/** Whether a path has the form of a pattern, in which a star stands for a part of a name. */
function matches(path: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${escaped}$`).test(path);
}

/** Whether git knows a file of this path, below this folder, or of this pattern. */
const exists = (path: string) =>
  known.some((file) => file === path || file.startsWith(`${path}/`) || matches(file, path));

describe('deploy/Containerfile', () => {
  test('says that it was not run, as its page does', () => {
    expect(text).toMatch(/has not been run where it was written/);
    expect(readFileSync(join(root, 'docs/containers.md'), 'utf8')).toMatch(/Not tried: an image/);
  });

  test('the paths that it copies exist, and are not ignored', () => {
    expect(fromContext.length).toBeGreaterThan(10);
    expect(fromContext.filter((path) => !exists(path))).toEqual([]);
    expect(exists('no-such-folder')).toBe(false);
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').trimEnd().split('\n');
    expect(fromContext.filter((path) => ignored.some((each) => matches(path, each)))).toEqual([]);
  });

  test('it copies what the package and its build need', () => {
    const isCopied = (file: string) =>
      fromContext.some((path) => file === path || file.startsWith(`${path}/`) || matches(file, path));
    const wanted = manifest.files.filter((path) => !path.startsWith('!') && path !== 'dist');
    const packed = known.filter((file) =>
      wanted.some((path) => file === path || file.startsWith(`${path}/`) || matches(file, path)),
    );
    expect(packed.length).toBeGreaterThan(50);
    expect(packed.filter((file) => !isCopied(file))).toEqual([]);
    for (const file of [
      'package-lock.json',
      'tsconfig.json',
      'src/cli/main.ts',
      'web/index.html',
      'native/build.mjs',
    ]) {
      expect({ file, copied: isCopied(file) }).toEqual({ file, copied: true });
    }
  });

  test('the paths that it takes from another stage are made there', () => {
    const taken = copies.filter(([first]) => first?.startsWith('--from='));
    expect(taken.length).toBeGreaterThan(0);
    for (const [from = '', path = ''] of taken) {
      const made = stage(from.slice('--from='.length))?.instructions.filter(({ name }) => name === 'RUN');
      expect(made?.some(({ rest }) => rest.includes(path))).toBe(true);
    }
    const tarball = `/tmp/${manifest.name}-*.tgz`;
    expect(stage('build')?.instructions.some(({ rest }) => rest.includes(tarball))).toBe(true);
  });

  test('the compiler stays in the first stage, and the others are slim, of the same distribution', () => {
    const [, release = ''] = /^docker\.io\/library\/node:20-(\w+)$/.exec(stage('build')?.base ?? '') ?? [];
    expect(stage('base')?.base).toBe(`docker.io/library/node:20-${release}-slim`);
    expect(inherited('base').some(({ rest }) => /g\+\+|build-essential|make/.test(rest))).toBe(false);
    for (const name of ['service', 'command']) expect(stage(name)?.base).toBe('base');
  });

  test.each(['service', 'command'])(
    'the image %s runs without root, and keeps its runs in a volume',
    (name) => {
      expect(last(name, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      const volume = last(name, 'VOLUME');
      expect(last(name, 'ENV')).toContain(`XDG_STATE_HOME=${volume}`);
      expect(
        inherited(name).some(({ name: what, rest }) => what === 'RUN' && rest.includes(` ${volume} `)),
      ).toBe(true);
    },
  );

  test.each(['service', 'command'])('the commands of the image %s exist', (name) => {
    const [program = ''] = words(last(name, 'ENTRYPOINT'));
    expect(Object.keys(manifest.bin)).toContain(program);
    const health = words(last(name, 'HEALTHCHECK'));
    expect(Object.keys(manifest.bin)).toContain(health[0]);
    const commands: Readonly<Record<string, () => Command>> = {
      'ensemble ls': lsCommand,
      'ensemble doctor': doctorCommand,
      'ensemble-server start': startCommand,
    };
    for (const [first = '', second = '', ...options] of [[program, ...words(last(name, 'CMD'))], health]) {
      if (second === '--help') continue;
      const command = commands[`${first} ${second}`]?.();
      expect({ first, second, known: command !== undefined }).toEqual({ first, second, known: true });
      const flags = command?.options.map(({ long }) => long);
      for (const option of options.filter((word) => word.startsWith('-'))) expect(flags).toContain(option);
    }
  });
});
