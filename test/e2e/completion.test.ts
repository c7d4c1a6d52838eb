/** `completion`: the scripts, in the shells that are installed. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, ensembleFile, main, newFolder, serverProgram } from '../support/cli.js';
import { jsonOf } from '../support/service.js';

/** Returns whether a shell is installed. */
const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;
const why = (shell: string) => (has(shell) ? '' : ` (skipped: ${shell} is not installed)`);

const folder = newFolder();
const state = join(folder, 'state');
/** Ids of runs: two in the state folder of the user, one in another. */
let ids: readonly string[] = [];
let otherId = '';

/** A folder with the programs, as an installation has them on PATH. */
const programs = newFolder();
for (const [name, path] of [
  ['ensemble', main],
  ['ensemble-server', serverProgram],
] as const) {
  writeFileSync(join(programs, name), `#!/bin/sh\nexec '${process.execPath}' '${path}' "$@"\n`, {
    mode: 0o755,
  });
}

const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${programs}:${process.env.PATH}`,
  XDG_STATE_HOME: join(folder, 'home'),
  XDG_RUNTIME_DIR: newFolder(),
  ENSEMBLE_SERVICE: '',
});

beforeAll(async () => {
  mkdirSync(join(folder, 'studies'));
  writeFileSync(join(folder, 'study one.yaml'), '');
  writeFileSync(join(folder, 'study.yaml'), '');
  const file = ensembleFile(`jobs:
  - {name: sim, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: sim}}
`);
  const run = async (...args: string[]) => {
    expect(await cli(['run', file, '--executor', 'local', ...args], { env: env() })).toMatchObject({
      status: 0,
    });
  };
  // Its name must not become a command of the shell.
  await run('--name', '$(touch pwned)');
  await run('--name', 'two');
  await run('--state', state);
  ids = jsonOf<{ id: string }>(await cli(['runs', '--json'], { env: env() })).map(({ id }) => id);
  [otherId] = jsonOf<{ id: string }>(await cli(['runs', '--json', '--state', state])).map(({ id }) => id) as [
    string,
  ];
});

/** Completes command lines in one shell, each the list of its words; the last one is at the cursor. */
function inBash(program: string, lines: readonly (readonly string[])[]): string[][] {
  const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');
  const script = `
    source <(${program} completion bash) || exit 9
    try() {
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      "_\${1//-/_}"
      printf '%s\\n' "\${COMPREPLY[@]}" ---
    }
    ${lines.map((words) => `try ${quoted([program, ...words])}`).join('\n')}`;
  const options = { cwd: folder, env: env(), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const found = stdout.split('---\n').slice(0, -1);
  return found.map((text) => text.split('\n').filter((word) => word !== ''));
}

/** The names of commands in a help text. */
async function commandsOf(...args: readonly string[]): Promise<string[]> {
  const { stdout } = await cli([...args, '--help'], { env: { COLUMNS: '200' } });
  const [, list = ''] = /^Commands:\n((?: {2}.*\n?)+)/m.exec(stdout) ?? [];
  return [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name);
}

describe('completion in bash', () => {
  test('offers every command, and the options of one', async () => {
    const { stdout } = await cli(['run', '--help'], { env: { COLUMNS: '200' } });
    const options = [...stdout.matchAll(/^ {2}(-h|--[a-z-]+)(?:, (--help))?/gm)].flatMap(
      ([, first, second]) => (second === undefined ? [first] : [first, second]),
    );
    const [commands, dashed, some] = inBash('ensemble', [[''], ['run', '-'], ['run', '--http-tls']]);
    expect(commands).toEqual(await commandsOf());
    expect(commands).toContain('completion');
    expect(dashed).toEqual(options);
    expect(options.length).toBeGreaterThan(20);
    expect(some).toEqual(['--http-tls-cert', '--http-tls-key', '--http-tls-ca']);
  });

  test('offers choices of options and arguments, and subcommands', () => {
    expect(
      inBash('ensemble', [
        ['r'],
        ['run', '--executor', ''],
        ['run', '--executor', '=', 's'],
        ['run', '--executor', '='],
        ['run', 'study.yaml', '--progress', 'p'],
        ['act', 'one', 'p'],
        ['act', '--value', '3', 'one', 'gr'],
        ['runs', 'p'],
        ['runs', 'prune', '--old'],
        ['init', '--for', ''],
        ['completion', ''],
        ['help', 'comp'],
      ]),
    ).toEqual([
      ['run', 'resume', 'record', 'replay', 'runs', 'report'],
      ['local', 'flux', 'slurm', 'minicluster'],
      ['slurm'],
      ['local', 'flux', 'slurm', 'minicluster'],
      ['plain'],
      ['pause'],
      ['grow'],
      ['prune'],
      ['--older'],
      ['local', 'flux', 'slurm'],
      ['bash', 'zsh', 'fish'],
      ['completion'],
    ]);
  });

  test('offers files and folders', () => {
    const found = inBash('ensemble', [
      ['validate', 'stu'],
      ['test', 'study.yaml', 'study o'],
      ['run', '--state', 'stu'],
      ['run', '--record', 'study.'],
      ['run', '--', 'study.y'],
    ]);
    expect(found.map((words) => words.sort())).toEqual([
      ['studies', 'study one.yaml', 'study.yaml'],
      ['study one.yaml'],
      ['studies'],
      ['study.yaml'],
      ['study.yaml'],
    ]);
  });

  test('offers the ids of runs, the newest first, also of another state folder', () => {
    expect(ids).toHaveLength(2);
    const [jobs, some, pruned, other, after] = inBash('ensemble', [
      ['jobs', ''],
      ['logs', ids[1]?.slice(0, 5) ?? ''],
      ['runs', 'prune', ids[0] ?? '', ''],
      ['jobs', '--state', state, ''],
      ['jobs', ids[0] ?? '', ''],
    ]);
    expect({ jobs, some, pruned, other, after }).toEqual({
      jobs: ids,
      some: [ids[1]],
      pruned: ids,
      other: [otherId],
      after: [],
    });
  });

  test('offers nothing for free text, and no hidden commands', () => {
    const found = inBash('ensemble', [
      ['tell', ''],
      ['run', '--name', ''],
      ['nonsense', ''],
      ['completion', 'n'],
    ]);
    expect(found).toEqual([[], [], [], []]);
  });

  test('ensemble-server has a script of its own', () => {
    const found = inBash('ensemble-server', [
      ['s'],
      ['token', '--role', ''],
      ['start', '--kube'],
      ['start', '--audit', 'study.'],
    ]);
    expect(found).toEqual([['start'], ['operator', 'viewer'], ['--kubernetes'], ['study.yaml']]);
  });

  test('the names for the scripts end with a description', async () => {
    const { stdout } = await cli(['completion', 'names', 'runs'], { env: env() });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^${ids[0]}\ttwo, done, \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$`)),
      expect.stringMatching(new RegExp(`^${ids[1]}\t\\$\\(touch pwned\\), done, `)),
      '',
    ]);
  });

  test('an unknown shell is refused', async () => {
    const refused = await cli(['completion', 'csh']);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('bash, zsh, fish');
  });
});

/** Runs a script in a shell, with the completion script in the file `$script`. */
async function inShell(shell: string, args: readonly string[], program = 'ensemble') {
  const made = await cli(['completion', shell], program === 'ensemble' ? {} : { program: serverProgram });
  expect(made).toMatchObject({ status: 0, stderr: '' });
  const script = join(folder, `${program}.${shell}`);
  writeFileSync(script, made.stdout);
  const given = args.map((arg) => arg.replaceAll('$script', script));
  const { status, stdout, stderr } = spawnSync(shell, given, { cwd: folder, env: env(), encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe.skipIf(!has('zsh'))(`completion in zsh${why('zsh')}`, () => {
  test('zsh reads the scripts', async () => {
    await inShell('zsh', ['-n', '$script']);
    await inShell('zsh', ['-n', '$script'], 'ensemble-server');
  });

  test('zsh takes the script for its command', async () => {
    const text = `autoload -Uz compinit; compinit -u -D; source $script; print $_comps[ensemble]`;
    expect(await inShell('zsh', ['-f', '-c', text])).toBe('_ensemble\n');
  });
});

describe.skipIf(!has('fish'))(`completion in fish${why('fish')}`, () => {
  test('fish reads the scripts', async () => {
    await inShell('fish', ['-n', '$script']);
    await inShell('fish', ['-n', '$script'], 'ensemble-server');
  });

  test('fish offers commands, choices, files and runs', async () => {
    const words = async (line: string) => {
      const text = await inShell('fish', ['-c', `source $script; complete -C '${line}'`]);
      return text
        .split('\n')
        .filter((word) => word !== '')
        .map((word) => word.split('\t')[0])
        .sort();
    };
    expect(await words('ensemble comp')).toEqual(['completion']);
    expect(await words('ensemble run --executor ')).toEqual(['flux', 'local', 'minicluster', 'slurm']);
    expect(await words('ensemble run --executor=s')).toEqual(['--executor=slurm']);
    expect(await words('ensemble run --http-tls-c')).toEqual(['--http-tls-ca', '--http-tls-cert']);
    expect(await words('ensemble validate study.')).toEqual(['study.yaml']);
    expect(await words('ensemble jobs ')).toEqual([...ids].sort());
    expect(await words(`ensemble jobs --state ${state} `)).toEqual([otherId]);
  });
});
