/** `ensemble test FILE...`. */

import { Command } from 'commander';
import { type LoadedTests, loadTests } from '../config/load-tests.js';
import { formatDiagnostics } from '../config/source/format.js';
import { ConfigError, EnsembleError } from '../errors.js';
import { mismatchesOf } from '../testing/compare.js';
import { runTest } from '../testing/run-test.js';
import { exitStatus } from './exit-status.js';
import { complain, complainOf } from './output.js';
import { jsonTestReporter, type TestReporter, textTestReporter } from './test-report.js';

interface TestOptions {
  readonly json?: boolean;
  readonly only?: string;
}

/** Runs the tests of a file. */
async function runFile(path: string, { loaded, tests }: LoadedTests, reporter: TestReporter): Promise<void> {
  reporter.file(path);
  for (const test of tests) {
    const begun = performance.now();
    const run = await runTest(loaded, test).catch((error: unknown) => {
      if (error instanceof EnsembleError) return error;
      throw error;
    });
    const seconds = (performance.now() - begun) / 1000;
    if (run instanceof EnsembleError) reporter.broken(path, test, run, seconds);
    else reporter.test(path, test, run, mismatchesOf(test, run), seconds);
  }
  reporter.fileEnd();
}

async function test(paths: readonly string[], { json, only }: TestOptions): Promise<number> {
  const reporter = json ? jsonTestReporter() : textTestReporter();
  let bad = false;
  for (const path of paths) {
    try {
      const found = await loadTests(path);
      const { warnings } = found.loaded;
      if (warnings.length > 0) console.error(formatDiagnostics(warnings));
      if (found.tests.length === 0) throw new EnsembleError('ERR_FILE', `${path} has no tests`);
      const tests = found.tests.filter(({ name }) => only === undefined || name.includes(only));
      if (tests.length > 0) await runFile(path, { ...found, tests }, reporter);
    } catch (error) {
      // Continue with the other files.
      bad = true;
      if (error instanceof ConfigError) console.error(formatDiagnostics(error.diagnostics));
      else if (error instanceof EnsembleError) complainOf(error);
      else throw error;
    }
  }
  const { passed, failed } = reporter.finish();
  if (!bad && only !== undefined && passed + failed === 0) {
    complain(`no test has a name that contains '${only}'`);
    return exitStatus.badInput;
  }
  if (bad) return exitStatus.badInput;
  return failed > 0 ? exitStatus.failure : exitStatus.done;
}

export function testCommand(): Command {
  return new Command('test')
    .description('run the tests of an ensemble file in virtual time')
    .argument('<files...>', 'ensembles with tests, or files of tests that name their ensemble')
    .option('--only <text>', 'run only tests whose name contains the text')
    .option('--json', 'print machine-readable lines; the last one is the summary')
    .action(async (paths: string[], options: TestOptions) => {
      process.exitCode = await test(paths, options);
    });
}
