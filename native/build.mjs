/**
 * Builds the native part: `node native/build.mjs rebuild|build|cmake|install [options]`. With `rebuild` and `build` the
 * options are node-gyp's (`--debug`, `--verbose`), with `cmake` they are those of `cmake-js compile`. `npm install` runs
 * `install`, which compiles only if no prebuilt addon works here.
 *
 * The headers that came with Node are used, so no network is needed. A `nodedir` of the user's npm settings takes
 * precedence. Missing tools are reported in one line.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
/** Default number of compilers at a time. Each takes up to 400 MB. */
const jobs = String(Math.min(8, availableParallelism()));
const environment = { JOBS: jobs, CMAKE_BUILD_PARALLEL_LEVEL: jobs, ...process.env };

/** A setting of npm, in upper or lower case, or undefined. */
function setting(name) {
  const key = Object.keys(environment).find((key) =>
    [`npm_config_${name}`, `npm_package_config_node_gyp_${name}`].includes(key.toLowerCase()),
  );
  return key === undefined ? undefined : environment[key];
}

/** Whether the folder has the headers of this Node in node-gyp's layout. */
function hasHeaders(prefix) {
  const headers = join(prefix, 'include', 'node');
  if (!['node_api.h', 'common.gypi', 'node_version.h'].every((name) => existsSync(join(headers, name))))
    return false;
  const text = readFileSync(join(headers, 'node_version.h'), 'utf8');
  const number = (part) => new RegExp(`^#define NODE_${part}_VERSION (\\d+)`, 'm').exec(text)?.[1];
  return process.versions.node === ['MAJOR', 'MINOR', 'PATCH'].map(number).join('.');
}

/** Folders that may have the headers of this Node: next to its program, and its install prefix. */
const prefixes = [realpathSync(process.execPath), process.execPath]
  .map((path) => dirname(dirname(path)))
  .concat(process.config.variables.node_prefix ?? []);

/** Whether the program succeeds with these arguments. */
function runs(program, args = ['--version']) {
  return spawnSync(program, args, { stdio: 'ignore', env: environment }).status === 0;
}

/** The reason why the C++ compiler can't be used, or null. */
function compilerFault() {
  const compiler = environment.CXX || 'g++';
  const [program = '', ...flags] = compiler.split(' ');
  if (!runs(program, [...flags, '--version'])) return `no C++ compiler (${compiler})`;
  const check = '-std=c++20 -E -include concepts -include span -x c++ /dev/null'.split(' ');
  return runs(program, [...flags, ...check])
    ? null
    : `no C++ compiler that knows C++20 (${compiler} does not; GCC does from version 11 on)`;
}

/** The tools of node-gyp that this machine lacks. */
function* toolFaults() {
  const make = setting('make') ?? environment.MAKE ?? 'make';
  if (!runs(make)) yield `no ${make}`;
  const pythons = [
    environment.NODE_GYP_FORCE_PYTHON,
    setting('python'),
    environment.PYTHON,
    'python3',
    'python',
  ];
  const recent = ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))'];
  if (!pythons.some((python) => python && runs(python, recent))) yield 'no python3 (3.8 or later)';
}

/** Modification time of a file of the package, in ms; 0 for a missing file. */
const timeOf = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** For an installation, the reason why it compiles. */
let reason = '';

function fail(message) {
  process.stderr.write(`flux-ensemble can't be built${reason}: ${message}\n`);
  process.exit(1);
}

/** The path of node-gyp: a dependency, the copy of npm, or a program. */
function nodeGyp() {
  try {
    return [process.execPath, require.resolve('node-gyp/bin/node-gyp.js')];
  } catch {
    const ofNpm = environment.npm_config_node_gyp;
    return ofNpm && existsSync(ofNpm) ? [process.execPath, ofNpm] : ['node-gyp'];
  }
}

function run([program, ...first], args, stdio = 'inherit') {
  const { status, signal, error, stderr } = spawnSync(program, [...first, ...args], {
    stdio,
    env: environment,
  });
  if (error?.code === 'ENOENT') fail(`there is no ${program}; it comes with npm`);
  return { status: status ?? (signal === null ? 1 : 128), stderr: String(stderr ?? '') };
}

/** The reason why the prebuilt addon can't be used, or null. A checkout has its own sources. */
function prebuiltFault() {
  if (existsSync(join(root, 'native/test'))) return 'this is a checkout';
  if (['true', 'flux-ensemble'].includes(setting('build_from_source'))) return 'a compiled one is requested';
  let path;
  try {
    process.env.PREBUILDS_ONLY = '1';
    path = require('node-gyp-build').path(root);
  } catch {
    return `missing for ${process.platform}-${process.arch}`;
  }
  // A process of its own, which an addon for another machine may crash.
  const { status, stderr } = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', path]);
  return status === 0 ? null : (/^Error: (.*)/m.exec(String(stderr))?.[1] ?? `${path} crashes here`);
}

const [command = '', ...options] = process.argv.slice(2);
if (!['install', 'rebuild', 'build', 'cmake'].includes(command))
  fail(`the command must be install, rebuild, build or cmake; found '${command}'`);
let what = command;
if (command === 'install') {
  const fault = prebuiltFault();
  if (fault === null) process.exit(0);
  reason = `, and the prebuilt addon can't be used (${fault})`;
  what = 'rebuild';
}

const faults = [compilerFault(), ...(what === 'cmake' ? [] : toolFaults())].filter((fault) => fault !== null);
if (faults.length > 0) {
  fail(
    `there is ${faults.join(', ')}. On Debian: apt-get install g++ make python3; elsewhere, packages of such names`,
  );
}

// Another version of Node, or a program that embeds it, has its own headers.
const isForThis = (setting('target') ?? process.versions.node).replace(/^v/, '') === process.versions.node;
const isSet = setting('nodedir') !== undefined || options.some((option) => option.startsWith('--nodedir'));
const found = isSet || !isForThis ? undefined : prefixes.find(hasHeaders);
if (found !== undefined) environment.npm_config_nodedir = found;

if (what === 'cmake') {
  const cmake = [process.execPath, require.resolve('cmake-js/bin/cmake-js')];
  process.exit(run(cmake, ['compile', ...options]).status);
}
const gyp = nodeGyp();
if (!isSet && found === undefined) {
  // An earlier download is used again.
  const { status, stderr } = run(gyp, ['install', '--ensure'], ['ignore', 'inherit', 'pipe']);
  const reason = /^gyp ERR! stack (?:\w+: )?(.*)$/m.exec(stderr)?.[1] ?? `exit status ${status}`;
  if (status !== 0) {
    const places = [...new Set(prefixes)].map((prefix) => join(prefix, 'include/node')).join(' nor in ');
    const version = setting('target') ?? process.version;
    fail(
      `Node's headers (${version}) are not in ${places}, and can't be downloaded: ${reason}. ` +
        'Install them with Node, or set npm_config_nodedir to the folder that has include/node/node_api.h',
    );
  }
}
// Make checks binding.gyp, but not the list of sources that it reads.
const isStale = what === 'build' && timeOf('build/Makefile') < timeOf('native/sources.json');
process.exit(run(gyp, [...(isStale ? ['configure'] : []), what, ...options]).status);
