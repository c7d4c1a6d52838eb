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
    // Tests start many processes, and the gate compiles beside them: more files at once overload two cores.
    maxWorkers: availableParallelism(),
    execArgv: ['--expose-gc'],
    // A bound for a busy machine with two slow cores.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    reporters: totals === undefined ? ['default'] : ['default', 'json'],
    ...(totals === undefined ? {} : { outputFile: { json: totals } }),
  },
});
