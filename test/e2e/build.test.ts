/** The decisions of `npm install`'s build script, with a program in place of node-gyp. */

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFolder, root } from '../support/cli.js';

/** Prints its arguments; `install` fails as node-gyp does without a network. */
const NODE_GYP = `
const [what] = process.argv.slice(2);
console.log(JSON.stringify([process.argv.slice(2), process.env.npm_config_nodedir ?? null]));
if (what === 'install') {
  console.error('gyp ERR! install error\\ngyp ERR! stack FetchError: request to http://127.0.0.1:9/ failed');
  process.exit(7);
}
process.exit(process.argv.includes('build') ? 3 : 0);
`;

/** Runs the script of a package that has no node-gyp of its own. */
function build(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  times: Readonly<Record<string, number>> = {},
  prebuilt?: string,
) {
  const folder = newFolder();
  if (prebuilt !== undefined) {
    const prebuilds = join(folder, `prebuilds/${process.platform}-${process.arch}`);
    mkdirSync(prebuilds, { recursive: true });
    copyFileSync(prebuilt, join(prebuilds, 'flux_ensemble.node'));
  }
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/node-gyp-build'), join(folder, 'node_modules/node-gyp-build'));
  mkdirSync(join(folder, 'native'));
  mkdirSync(join(folder, 'build'));
  for (const [path, time] of Object.entries(times)) {
    writeFileSync(join(folder, path), '');
    utimesSync(join(folder, path), time, time);
  }
  copyFileSync(join(root, 'native/build.mjs'), join(folder, 'native/build.mjs'));
  writeFileSync(join(folder, 'node-gyp.cjs'), NODE_GYP);
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const env = {
    ...Object.fromEntries(kept),
    npm_config_node_gyp: join(folder, 'node-gyp.cjs'),
    ...environment,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['native/build.mjs', ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  const calls = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  return { status, stderr, calls };
}

const prefix = dirname(dirname(process.execPath));
const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'));

describe('native/build.mjs', () => {
  test.skipIf(!hasHeaders)('the build uses the headers of the installed Node without a download', () => {
    const expected = { status: 0, stderr: '', calls: [[['rebuild', '--verbose'], prefix]] };
    expect(build(['rebuild', '--verbose'])).toEqual(expected);
  });

  test("the build keeps the user's own settings", () => {
    const mine = { npm_config_nodedir: '/mine' };
    expect(build(['rebuild'], mine).calls).toEqual([[['rebuild'], '/mine']]);
    const ofPackage = { npm_package_config_node_gyp_nodedir: '/mine' };
    expect(build(['rebuild'], ofPackage).calls).toEqual([[['rebuild'], null]]);
    expect(build(['rebuild', '--nodedir=/mine']).calls).toEqual([[['rebuild', '--nodedir=/mine'], null]]);
  });

  test('the build returns the exit status of the compiler', () => {
    expect(build(['build'], { npm_config_nodedir: '/mine' })).toMatchObject({ status: 3, stderr: '' });
  });

  test('the build configures again when the list of sources has changed', () => {
    const mine = { npm_config_nodedir: '/mine' };
    const times = (makefile: number) => ({ 'native/sources.json': 5, 'build/Makefile': makefile });
    expect(build(['build'], mine, times(6)).calls).toEqual([[['build'], '/mine']]);
    expect(build(['build', '--debug'], mine, times(4)).calls).toEqual([
      [['configure', 'build', '--debug'], '/mine'],
    ]);
  });

  test("missing headers that can't be downloaded are reported in one line", () => {
    const { status, stderr, calls } = build(['rebuild'], { npm_config_target: 'v99.0.0' });
    expect(calls).toEqual([[['install', '--ensure'], null]]);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^flux-ensemble can't be built: Node's headers \(v99\.0\.0\) are not in .*: request to http:\/\/127\.0\.0\.1:9\/ failed\. .*npm_config_nodedir/,
      ),
    ]);
  });

  test('missing tools are reported in one line', () => {
    const { status, stderr, calls } = build(['rebuild'], { PATH: newFolder(), CXX: '' });
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /there is no C\+\+ compiler \(g\+\+\), no make, no python3.*apt-get install g\+\+ make python3/,
      ),
    ]);
  });

  test('the message about an old compiler names it', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'c++'), '#!/bin/sh\ncase "$*" in *c++20*) exit 1;; esac\n', { mode: 0o755 });
    const { status, stderr } = build(['rebuild'], { CXX: join(folder, 'c++') });
    expect(status).toBe(1);
    expect(stderr).toMatch(/no C\+\+ compiler that knows C\+\+20 \(.*\/c\+\+ does not/);
  });

  test('an unknown command is reported', () => {
    expect(build(['everything'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("'everything'"),
    });
  });

  const addon = join(root, 'build/Release/flux_ensemble.node');
  const mine = { npm_config_nodedir: '/mine' };
  const compiled = [[['rebuild'], '/mine']];

  test('an installation takes the prebuilt addon, also without a compiler', () => {
    expect(build(['install'], { PATH: newFolder() }, {}, addon)).toEqual({
      status: 0,
      stderr: '',
      calls: [],
    });
  });

  test('an installation compiles on request', () => {
    const { calls } = build(['install'], { ...mine, npm_config_build_from_source: 'true' }, {}, addon);
    expect(calls).toEqual(compiled);
  });

  test('an installation compiles where no prebuilt addon works', () => {
    expect(build(['install'], mine).calls).toEqual(compiled);
    const garbage = join(newFolder(), 'garbage.node');
    writeFileSync(garbage, 'not an addon');
    expect(build(['install'], mine, {}, garbage).calls).toEqual(compiled);
  });

  test('missing tools of an installation are reported with the reason why they are needed', () => {
    const { status, stderr } = build(['install'], { PATH: newFolder(), CXX: '' });
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^flux-ensemble can't be built, and the prebuilt addon can't be used \(missing for linux-\w+\): there is no C\+\+ compiler/,
      ),
    ]);
  });
});

test('npm run build makes no prebuilt files, although npm runs the script of that name before', () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'native/prebuild'), { recursive: true });
  for (const name of ['prebuild.mjs', 'files.mjs'])
    copyFileSync(join(root, 'native/prebuild', name), join(folder, 'native/prebuild', name));
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const manifest = { scripts: { prebuild: scripts.prebuild, build: 'echo built' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const npm = (...args: readonly string[]) => {
    const options = {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, npm_lifecycle_event: '' },
    } as const;
    return spawnSync('npm', ['run', ...args], options);
  };
  expect(npm('build')).toMatchObject({ status: 0, stderr: '' });
  expect(npm('prebuild', 'nowhere').stderr).toContain("unknown system 'nowhere'");
});
