/** Loads the addon of node-gyp and that of cmake-js into this process, and compares their results. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/engine/addon.js';
import { aCase, allRules } from './build-case.js';
import { cases } from './cases.js';
import { recording } from './recordings.js';
import { runNative } from './run-case.js';
import { expectSame } from './same.js';

const byGyp = fileURLToPath(new URL('../../build/Release/flux_ensemble.node', import.meta.url));
const byCmake =
  process.env.ENSEMBLE_TEST_CMAKE_ADDON ??
  fileURLToPath(new URL('../../build-cmake/Release/flux_ensemble.node', import.meta.url));

describe('the builds of node-gyp and of cmake-js', () => {
  const missing = existsSync(byCmake) ? null : `${byCmake} is not built: npm run build:cmake builds test`;

  test('load in one process and give equal results', async (context) => {
    if (missing !== null) return context.skip(missing);
    const [gyp, cmake] = [loadAddon(byGyp), loadAddon(byCmake)];
    expect(gyp).not.toBe(cmake);
    expect(gyp.Engine).not.toBe(cmake.Engine);
    expect(cmake.eventNames).toEqual(gyp.eventNames);
    expect(cmake.firstNamedKind).toBe(gyp.firstNamedKind);
    const real = aCase(recording('b_failures'), { groups: ['fail', 'depfail'], rules: allRules(2) });
    for (const one of [real, ...Object.values(cases)]) {
      const [a, b] = await Promise.all([runNative(one, [], gyp), runNative(one, [], cmake)]);
      expectSame(a, b);
    }
  });
});
