import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// The file for the totals, which the gate adds up.
const totals = process.env.ENSEMBLE_TEST_TOTALS;

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // One process per file: an addon that crashes its process fails that file only.
    pool: 'forks',
    globalSetup: './test/support/temporary-folder.ts',
    // Most tests wait for processes: with one file a core, a third of the cores' time would be idle.
    maxWorkers: availableParallelism() + 1,
    execArgv: ['--expose-gc'],
    // A bound for a busy machine with two slow cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: totals === undefined ? ['default'] : ['default', 'json'],
    ...(totals === undefined ? {} : { outputFile: { json: totals } }),
  },
});
