/**
 * Builds the native part: `node native/build.mjs rebuild|build|cmake [options]`. With `rebuild` and `build` the options
 * are node-gyp's (`--with_flux=1`, `--debug`), with `cmake` they are those of `cmake-js compile`. `npm install` runs it too.
 *
 * Node's headers are taken from where they came with Node, so that no network is needed; a `nodedir` of the user's npm
 * settings goes before. What is missing for a build is reported in one line.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
/** Compilers at a time, unless the environment says: each of them takes up to 400 MB. */
const jobs = String(Math.min(8, availableParallelism()));
const environment = { JOBS: jobs, CMAKE_BUILD_PARALLEL_LEVEL: jobs, ...process.env };

/** A setting of npm, in any case; undefined for none. */
function setting(name) {
  const key = Object.keys(environment).find((key) =>
    [`npm_config_${name}`, `npm_package_config_node_gyp_${name}`].includes(key.toLowerCase()),
  );
  return key === undefined ? undefined : environment[key];
}

/** Whether the folder has the headers of this Node, as node-gyp needs them. */
function hasHeaders(prefix) {
  const headers = join(prefix, 'include', 'node');
  if (!['node_api.h', 'common.gypi', 'node_version.h'].every((name) => existsSync(join(headers, name))))
    return false;
  const text = readFileSync(join(headers, 'node_version.h'), 'utf8');
  const number = (part) => new RegExp(`^#define NODE_${part}_VERSION (\\d+)`, 'm').exec(text)?.[1];
  return process.versions.node === ['MAJOR', 'MINOR', 'PATCH'].map(number).join('.');
}

/** The folders in which the headers of this Node may be: beside its program, or where it was built to be installed. */
const prefixes = [realpathSync(process.execPath), process.execPath]
  .map((path) => dirname(dirname(path)))
  .concat(process.config.variables.node_prefix ?? []);

/** Whether the program runs and, with these arguments and this input, is content. */
function runs(program, args = ['--version'], input = '') {
  return (
    spawnSync(program, args, { input, stdio: ['pipe', 'ignore', 'ignore'], env: environment }).status === 0
  );
}

/** What is wrong with the C++ compiler, or null. */
function compilerFault() {
  const compiler = environment.CXX || 'g++';
  const [program = '', ...flags] = compiler.split(' ');
  if (!runs(program)) return `no C++ compiler (${compiler})`;
  const check = [...flags, '-std=c++20', '-fsyntax-only', '-x', 'c++', '-'];
  return runs(program, check, '#include <concepts>\n#include <span>\n')
    ? null
    : `no C++ compiler that knows C++20 (${compiler} does not; GCC does from version 11 on)`;
}

/** What this machine does not have and node-gyp needs. */
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

/** When a file of the package was last written, in ms; 0 for a file that is not there. */
const timeOf = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

function fail(message) {
  process.stderr.write(`flux-ensemble can't be built: ${message}\n`);
  process.exit(1);
}

/** Where node-gyp is: a package of ours, the one that npm brings along, or a program. */
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

const [what = '', ...options] = process.argv.slice(2);
if (!['rebuild', 'build', 'cmake'].includes(what)) fail(`'${what}' is none of rebuild, build, cmake`);

const faults = [compilerFault(), ...(what === 'cmake' ? [] : toolFaults())].filter((fault) => fault !== null);
if (faults.length > 0) {
  fail(
    `there is ${faults.join(', ')}. On Debian: apt-get install g++ make python3; elsewhere, packages of such names`,
  );
}

// Another version of Node, or another program with it inside, has headers of its own.
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
  // What was downloaded before is used again.
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
// Make looks at binding.gyp by itself, and not at the list of sources that it reads.
const isStale = what === 'build' && timeOf('build/Makefile') < timeOf('native/sources.json');
process.exit(run(gyp, [...(isStale ? ['configure'] : []), what, ...options]).status);
