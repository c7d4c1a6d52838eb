/** The package as it is published: what it has, how programs load it, its types, and its optional packages. */

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { parquetWriteFile } from 'hyparquet-writer';
import { publint } from 'publint';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, ensembleFile, root } from '../support/cli.js';
import { type InstalledPackage, installPackage } from '../support/installed.js';

const run = promisify(execFile);
const ENTRIES = ['flux-ensemble', 'flux-ensemble/service', 'flux-ensemble/api', 'flux-ensemble/testing'];

let installed: InstalledPackage;
beforeAll(() => {
  installed = installPackage();
});

/** Runs `ensemble` of the installed package. */
const ensemble = (...args: string[]) =>
  cli(args, {
    program: installed.ensemble,
    cwd: installed.folder,
    env: { XDG_STATE_HOME: installed.folder },
  });
/** The end of a message about a package that is not installed. */
const missing = (name: string) =>
  `needs the optional package ${name}, which is not installed; run \`npm install ${name}\` in ${installed.folder} [ERR_ADDON]\n`;

describe('the installed package', () => {
  test('runs an ensemble', async () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await ensemble('--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n` });
    const example = join(root, 'examples/hello-world.yaml');
    expect(await ensemble('run', example)).toMatchObject({ status: 0, stderr: '' });
  });

  test('reads rows of Parquet', async () => {
    const filename = join(installed.folder, 'rows.parquet');
    parquetWriteFile({ filename, columnData: [{ name: 'load', data: [1, 2, 3] }] });
    const study = `jobs: [{name: a, command: "echo {{load}}", parameters: {file: ${filename}}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`;
    const { stdout, stderr } = await ensemble('run', ensembleFile(study), '--json');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/"submitted":3\b/);
  });

  test('has every file that one of its modules imports, and declares every package', () => {
    const folder = join(installed.folder, 'node_modules/flux-ensemble');
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const declared = new Set([
      ...Object.keys(dependencies),
      ...Object.keys(peerDependencies),
      'flux-ensemble',
    ]);
    const files = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => /\.c?js$/.test(path) && !path.startsWith('web/'),
    );
    expect(files.length).toBeGreaterThan(50);
    const known = new Set(files);
    const lost: string[] = [];
    for (const file of files) {
      const { importedFiles } = ts.preProcessFile(
        readFileSync(join(folder, 'dist', file), 'utf8'),
        true,
        true,
      );
      for (const { fileName } of importedFiles) {
        const isFile = fileName.startsWith('.');
        const name = /^(@[^/]+\/)?[^/]+/.exec(fileName)?.[0] ?? '';
        const found = isFile
          ? known.has(normalize(join(dirname(file), fileName)))
          : declared.has(name) || builtinModules.includes(name.replace(/^node:/, ''));
        if (!found) lost.push(`${file}: ${fileName}`);
      }
    }
    expect(lost).toEqual([]);
  });
});

describe('a program', () => {
  test.each(ENTRIES)('gets the same objects from import and from require() of %s', async (entry) => {
    const program = `
      const required = require(${JSON.stringify(entry)});
      import(${JSON.stringify(entry)}).then((imported) => {
        const names = Object.keys(imported).filter((name) => imported[name] === required[name]);
        console.log(JSON.stringify({ names, imported: Object.keys(imported), required: Object.keys(required) }));
      });`;
    const { stdout, stderr } = await run(process.execPath, ['--eval', program], { cwd: installed.folder });
    expect(stderr).toBe('');
    const { names, imported, required } = JSON.parse(stdout);
    expect(names.length).toBeGreaterThan(0);
    expect(names).toEqual(imported);
    expect(names).toEqual(required.sort());
  });

  test.each([
    ['cjs', "const { Ensemble } = require('flux-ensemble');"],
    ['mjs', "import { Ensemble } from 'flux-ensemble';"],
  ])('drives an ensemble from a module *.%s', async (ending, opening) => {
    const path = join(installed.folder, `drive.${ending}`);
    const text = `${opening}
      const input = {
        jobs: [{ name: 'a', command: 'true', count: 2 }],
        rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
      };
      const ensemble = Ensemble.fromObject(input);
      ensemble.run().then((result) => console.log(result.end, result.failedJobs));`;
    writeFileSync(path, text);
    const { stdout, stderr } = await run(process.execPath, [path], { cwd: installed.folder });
    expect({ stdout, stderr }).toEqual({ stdout: 'idle 0\n', stderr: '' });
  });
});

/** Uses types of every entry. The line of the mark is wrong, so the types are not `any`. */
const PROGRAM = `import { ConfigError, Ensemble, type ActionKind, type EnsembleInput, type RunResult } from 'flux-ensemble';
import { createApp } from 'flux-ensemble/api';
import { type EnsembleState, ServiceClient } from 'flux-ensemble/service';
import { memberChecks } from 'flux-ensemble/testing';

const input: EnsembleInput = {
  jobs: [{ name: 'a', command: 'true' }],
  rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
};
export const kinds: readonly ActionKind[] = ['submit', 'cancel', 'prune', 'plugin'];
export async function drive(): Promise<RunResult> {
  const ensemble = Ensemble.fromObject(input);
  createApp(ensemble, { dashboard: true });
  return ensemble.run();
}
export const checks = (options: Parameters<typeof memberChecks>[0]) => memberChecks(options).length;
export const isConfigError = (error: unknown) => error instanceof ConfigError && error.diagnostics.length > 0;
export type Facts = readonly [EnsembleState, ServiceClient];
export const wrong: ActionKind = 'no-kind'; // the mark
`;

describe('TypeScript', () => {
  const { ESNext, Node16, NodeNext } = ts.ModuleKind;
  const { ModuleResolutionKind: Resolution } = ts;
  test.each([
    ['node16', Node16, Resolution.Node16, ['cts', 'mts']],
    ['nodenext', NodeNext, Resolution.NodeNext, ['cts', 'mts']],
    ['bundler', ESNext, Resolution.Bundler, ['ts']],
  ] as const)('finds the types of every entry with %s', (_name, module, moduleResolution, endings) => {
    const paths = endings.map((ending) => join(installed.folder, `program.${ending}`));
    for (const path of paths) writeFileSync(path, PROGRAM);
    const program = ts.createProgram(paths, {
      module,
      moduleResolution,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      types: ['node'],
      typeRoots: [join(installed.folder, 'node_modules/@types')],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    });
    const found = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
      const line = file?.text.slice(start).split('\n', 1)[0] ?? '';
      return `${file?.fileName ?? ''}: ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
    found.sort();
    const wrong = "wrong: ActionKind = 'no-kind'; // the mark: ";
    expect(found).toEqual(paths.map((path) => expect.stringContaining(`${path}: ${wrong}`)));
  });
});

describe('the linters of packages', () => {
  test('publint has nothing to say', async () => {
    const { messages } = await publint({
      pkgDir: join(installed.folder, 'node_modules/flux-ensemble'),
      pack: false,
      strict: true,
    });
    expect(messages).toEqual([]);
  });

  test('attw finds the right types for each way to import an entry', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    // Node before 12.7, whose rules the profile leaves out, knows no entries but the main one.
    const { stdout } = await run(process.execPath, [
      attw,
      installed.tarball,
      '--profile',
      'node16',
      '--format',
      'json',
    ]);
    const { analysis, problems } = JSON.parse(stdout);
    expect(Object.keys(analysis.entrypoints)).toEqual(
      expect.arrayContaining(['.', './service', './api', './testing']),
    );
    const found = Object.values(problems as Record<string, { resolutionKind?: string }[]>).flat();
    expect(found.filter(({ resolutionKind }) => resolutionKind !== 'node10')).toEqual([]);
  });
});

describe('an optional package that is not installed', () => {
  const example = join(root, 'examples/hello-world.yaml');

  test('is named by the command that needs it, with the command that installs it', async () => {
    expect(await ensemble('graph', '--output', 'study.svg', example)).toMatchObject({
      status: 3,
      stdout: '',
      stderr: `ensemble: error: graph --output study.svg ${missing('@viz-js/viz')}`,
    });
    expect(await ensemble('graph', '--format', 'svg', example)).toMatchObject({
      status: 3,
      stderr: `ensemble: error: graph --format svg ${missing('@viz-js/viz')}`,
    });
    await ensemble('run', example, '--name', 'asked');
    expect(await ensemble('sql', 'asked', 'FROM jobs')).toMatchObject({
      status: 3,
      stderr: `ensemble: error: SQL ${missing('@duckdb/node-api')}`,
    });
    const server = await cli(['start', '--kubernetes', '--socket', 'server.sock'], {
      program: installed.server,
      cwd: installed.folder,
    });
    expect(server).toMatchObject({
      status: 3,
      stdout: '',
      stderr: `ensemble-server: error: --kubernetes ${missing('@kubernetes/client-node')}`,
    });
    const mail = ensembleFile(
      `jobs: [{name: a, command: "true"}]
rules: [{trigger: start, action: {name: submit, label: a}}]
notify: [{name: me, email: [me@example.org], smtp: "smtp://127.0.0.1:9", on: [end]}]
`,
      installed.folder,
    );
    const { stdout } = await ensemble('notify', mail);
    expect(stdout).toContain(
      `not delivered: smtp: of email ${missing('nodemailer').replace(' [ERR_ADDON]\n', '')}`,
    );
  });

  test('does not matter to other commands', async () => {
    const { status, stdout, stderr } = await ensemble('graph', example);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^flowchart TB\n/);
  });

  test('is reported by doctor', async () => {
    const { stdout } = await ensemble('doctor');
    const name = '@kubernetes/client-node';
    expect(stdout).toContain(
      `the package ${name} is not installed; only ensemble-server start --kubernetes needs it: run \`npm install ${name}\` in ${installed.folder}`,
    );
  });
});

test('the list of licenses has every package that a bundle has a copy of, with its version', () => {
  const { devDependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const names = new Set<string>();
  for (const path of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    // Only the build imports these.
    if (!path.endsWith('.ts') || /^cli\/(bundle|licenses)/.test(path)) continue;
    const text = readFileSync(join(root, 'src', path), 'utf8');
    for (const [, name = ''] of text.matchAll(
      /^(?!import type).*(?:from |import\()'((?:@[^/']+\/)?[^/'.][^/']*)/gm,
    ))
      if (name in devDependencies && !(name in peerDependencies)) names.add(name);
  }
  expect([...names]).toEqual(expect.arrayContaining(['yaml', 'commander', 'hyparquet', 'croner']));
  const listed = readFileSync(
    join(installed.folder, 'node_modules/flux-ensemble/dist/bundle/LICENSES.txt'),
    'utf8',
  );
  for (const name of names) {
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
    expect(listed).toContain(`${name} ${version}\n`);
  }
});
