/** Loads the addons of node-gyp and of cmake-js, and the prebuilt one, into this process, and compares their results. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/engine/addon.js';
import { root } from '../support/cli.js';
import { comparedCases } from './compared-cases.js';
import { runNative } from './run-case.js';
import { expectSame } from './same.js';

const byGyp = join(root, 'build/Release/flux_ensemble.node');
const builds = [
  [
    'cmake-js',
    process.env.ENSEMBLE_TEST_CMAKE_ADDON ?? join(root, 'build-cmake/Release/flux_ensemble.node'),
    'build:cmake',
  ],
  ['Zig', join(root, `prebuilds/linux-${process.arch}/flux_ensemble.glibc.node`), 'prebuild'],
] as const;

describe('the builds of node-gyp and of', () => {
  test.for(builds)('%s load in one process and give equal results', async ([, path, script], context) => {
    if (!existsSync(path)) return context.skip(`${path} is not built: npm run ${script} builds it`);
    const [gyp, other] = [loadAddon(byGyp), loadAddon(path)];
    expect(gyp).not.toBe(other);
    expect(gyp.Engine).not.toBe(other.Engine);
    expect(other.eventNames).toEqual(gyp.eventNames);
    expect(other.firstNamedKind).toBe(gyp.firstNamedKind);
    for (const one of comparedCases()) {
      const [a, b] = await Promise.all([runNative(one, [], gyp), runNative(one, [], other)]);
      expectSame(a, b);
    }
  });
});
