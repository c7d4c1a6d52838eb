/** Loads the Python readers of a file before jobs run, so that a mistake in them is found then. */

import { ConfigError, type Diagnostic } from '../errors.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import { quote } from '../text/describe.js';
import { type Measurer, readersOf } from './measurer.js';

/** Throws ConfigError for readers that can't be loaded or called. */
export async function loadReaders(
  { groups, file }: Pick<EnsembleConfig, 'groups' | 'file'>,
  measurer: Measurer,
  signal?: AbortSignal,
): Promise<void> {
  const users = new Map<string, string>();
  for (const { name, probes } of groups.values()) {
    for (const probe of probes) {
      if (probe.kind !== 'measure') continue;
      for (const reader of readersOf(probe.entries).keys()) if (!users.has(reader)) users.set(reader, name);
    }
  }
  const problems: Diagnostic[] = [];
  for (const [reader, group] of users) {
    const fault = await measurer.load(reader, signal).catch((error: Error) => error.message);
    if (fault === null) continue;
    const message = `the reader ${reader} of group ${quote(group)} can't be used: ${fault}`;
    problems.push({ severity: 'error', path: 'jobs', message, file, line: null, column: null });
  }
  if (problems.length > 0) throw new ConfigError(problems[0]?.message ?? '', problems);
}
