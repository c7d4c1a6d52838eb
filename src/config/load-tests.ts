/** Loads the tests of a file: an ensemble with `tests:`, or a file of tests that names its ensemble. */

import { resolve } from 'node:path';
import type { TestCase } from '../model/test.js';
import { type LoadedConfig, loadConfig, parseConfig, readText } from './load.js';
import { namesOfGroups } from './resolve/probes.js';
import { tellsOf } from './resolve/tells.js';
import { resolveTests } from './resolve/tests.js';
import { checkAgainst } from './schema/check.js';
import { type TestFileShape, testFileSchema } from './schema/tests.js';
import { Problems } from './source/problems.js';
import { YamlSource } from './source/yaml-source.js';

export interface LoadedTests {
  readonly loaded: LoadedConfig;
  readonly tests: readonly TestCase[];
}

/**
 * Reads the tests of a file, and the ensemble that they are of.
 *
 * @throws ConfigError with everything that is wrong with either.
 * @throws EnsembleError with code `ERR_FILE` when one can't be read.
 */
export async function loadTests(path: string): Promise<LoadedTests> {
  const text = await readText(path);
  const source = new YamlSource(text);
  const { value } = source;
  if (typeof value !== 'object' || value === null || !('ensemble' in value)) {
    const loaded = parseConfig(text, { file: path });
    return { loaded, tests: loaded.config.tests };
  }
  const problems = new Problems(source, path);
  for (const { severity, message, offset } of source.findings) {
    problems.add(severity, [], message, source.placeOf(offset));
  }
  const { config: shape, isBroken } = checkAgainst<TestFileShape>(testFileSchema, value, problems);
  if (shape.ensemble === undefined) throw problems.toError();
  const loaded = await loadConfig(resolve(path, '..', shape.ensemble));
  const groups = namesOfGroups(loaded.config.groups);
  const tests = resolveTests(
    {
      source,
      problems,
      file: resolve(path),
      isBroken,
      groups,
      tells: tellsOf(loaded.config.groups),
      states: loaded.config.states,
    },
    shape.tests,
  );
  if (problems.hasErrors) throw problems.toError();
  return { loaded: { ...loaded, warnings: [...loaded.warnings, ...problems.list()] }, tests };
}
