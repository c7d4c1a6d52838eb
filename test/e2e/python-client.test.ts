/** The Python package: its wheel is built and installed, and its own tests run real ensembles with it. */

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Finished, main, newFolder, root, serverProgram } from '../support/cli.js';

const client = join(root, 'clients/python');
const notebook = join(root, 'docs/notebooks/first-study.ipynb');
const python = '/usr/bin/python3';

/** Runs a program to its end. */
function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ stdout, stderr, status, signal }));
  });
}

/** Whether this Python runs a program without an error. */
function accepts(program: string): boolean {
  try {
    execFileSync(python, ['-c', program], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function whatIsMissing(): string | null {
  if (!existsSync(python)) return `${python} is missing; Debian has it as python3`;
  return accepts('import sys; sys.exit(sys.version_info < (3, 9))') ? null : `${python} is older than 3.9`;
}

/** A program that fails where a wheel can't be built. An import of one of them changes the others. */
const MODULES = `import sys; from importlib.util import find_spec as find
sys.exit(not all(map(find, ["pip", "setuptools", "wheel"])))`;

const missing = whatIsMissing();
const canBuild = missing === null && accepts(MODULES);

/** Debian's Python, and others beside it from 3.9 on. */
const pythons = [
  python,
  ...(missing === null ? readdirSync('/usr/bin') : [])
    .filter((name) => Number(/^python3\.(\d+)$/.exec(name)?.[1] ?? 0) >= 9)
    .map((name) => `/usr/bin/${name}`)
    .filter((path) => realpathSync(path) !== realpathSync(python)),
];

/** The beginning of a value in pyproject.toml. */
const settingOf = (name: string) =>
  new RegExp(`^${name} = "(.*)"$`, 'm').exec(readFileSync(join(client, 'pyproject.toml'), 'utf8'))?.[1];

describe('the Python package', () => {
  test('has the version of the npm package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(settingOf('version')).toBe(version);
  });

  test('is not part of the npm package', () => {
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
    expect(files.filter((name) => name.startsWith('clients'))).toEqual([]);
  });
});

const reason = missing === null ? '' : ` (skipped: ${missing})`;

describe.skipIf(missing !== null)(`Python${reason}`, () => {
  const copy = join(newFolder(), 'client');
  const wheels = join(copy, 'wheels');
  /** The folder from which the package is imported: that of the wheel where one can be built, else of its sources. */
  let imported = join(copy, 'src');

  beforeAll(async () => {
    // A build leaves files beside the sources.
    cpSync(client, copy, { recursive: true, filter: (path) => basename(path) !== '__pycache__' });
    if (!canBuild) return;
    mkdirSync(wheels);
    const built = await run(
      python,
      ['-m', 'pip', 'wheel', '--quiet', '--no-build-isolation', '--no-deps', '--wheel-dir', wheels, copy],
      copy,
    );
    expect(built).toMatchObject({ status: 0 });
    imported = join(copy, 'installed');
    const [wheel = ''] = readdirSync(wheels);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-index', '--target', imported];
    expect(await run(python, [...pip, join(wheels, wheel)], copy)).toMatchObject({ status: 0 });
  });

  const why = canBuild
    ? ''
    : `; skipped: ${python} lacks pip, setuptools or wheel (Debian: python3-pip, python3-wheel)`;

  test.skipIf(!canBuild)(`the wheel has the modules with their types, and no tests${why}`, async () => {
    expect(readdirSync(wheels)).toEqual([`flux_ensemble-${settingOf('version')}-py3-none-any.whl`]);
    const installed = readdirSync(join(imported, 'flux_ensemble')).filter((name) => name !== '__pycache__');
    expect(installed.sort()).toEqual(readdirSync(join(client, 'src/flux_ensemble')).filter(isSource).sort());
    expect(installed).toContain('py.typed');
    expect(readdirSync(imported).sort()).toEqual([
      'flux_ensemble',
      `flux_ensemble-${settingOf('version')}.dist-info`,
    ]);
  });

  const modules = readdirSync(join(client, 'tests'))
    .filter((name) => /^test_.*\.py$/.test(name))
    .map((name) => `tests.${basename(name, '.py')}`);

  test.each(pythons)('%s imports the package that was built', async (program) => {
    const args = ['-c', 'import flux_ensemble; print(flux_ensemble.__file__)'];
    const { stdout, stderr } = await run(program, args, copy, { PYTHONPATH: imported });
    expect([stdout.trim(), stderr]).toEqual([join(imported, 'flux_ensemble/__init__.py'), '']);
  });

  const runs = pythons.flatMap((program) => modules.map((module) => [program, module] as const));

  test.each(runs)('%s passes %s', { timeout: 480_000 }, async (program, module) => {
    const { status, stderr } = await run(
      program,
      ['-W', 'error::ResourceWarning', '-m', 'unittest', '--verbose', module],
      copy,
      {
        PYTHONPATH: imported,
        FLUX_ENSEMBLE: `'${process.execPath}' '${main}'`,
        FLUX_ENSEMBLE_SERVER: `'${process.execPath}' '${serverProgram}'`,
        FLUX_ENSEMBLE_NOTEBOOK: notebook,
      },
    );
    expect(status, stderr).toBe(0);
    expect(Number(/^Ran (\d+) tests/m.exec(stderr)?.[1])).toBeGreaterThan(1);
    // A test that needs an optional package is skipped where it is missing.
    for (const [line, cause] of stderr.matchAll(/\.\.\. skipped '(.*)'$/gm)) {
      expect(cause, line).toMatch(/not installed|zstandard/i);
    }
  });
});

/** Files that a clone has, without those that Python makes. */
function isSource(name: string): boolean {
  return name !== '__pycache__';
}
