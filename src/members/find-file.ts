/** Finds a job's file whose name depends on values that only the job's shell knows. */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compileTags } from '../language/job-tags.js';
import type { JobTagValues } from '../model/job-facts.js';

export interface FoundFile {
  /** The file; where none exists, the most likely of the possible names. */
  readonly path: string;
  /** The names that were searched; `*` stands for an unknown value. */
  readonly names: readonly string[];
}

/** Stands for an unknown value. A path can't contain this character. */
const UNKNOWN = '\0';

/**
 * Returns the file that a path with Flux's tags stands for. Both spellings of an id in F58 are searched, because
 * the locale of Flux's broker decides which one it uses. The newer of two files is taken, because every instance
 * uses the same ids again.
 */
export function findFile(template: string, job: JobTagValues): FoundFile {
  const fill = compileTags(template, () => UNKNOWN);
  const patterns = [...new Set([fill(job), fill({ ...job, ascii: !job.ascii })])];
  const found = patterns
    .flatMap((pattern) => matchesOf(pattern).slice(0, 1))
    .map((path) => ({ path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs }))
    .reduce((best, next) => ((next.time ?? -1) > (best.time ?? -1) ? next : best), {
      path: patterns[0] ?? template,
      time: undefined,
    } as { path: string; time: number | undefined });
  const names = patterns.map((pattern) => pattern.replaceAll(UNKNOWN, '*'));
  return { path: found.path.replaceAll(UNKNOWN, '*'), names };
}

/** Returns existing paths in order. A path without unknown values is returned even if it does not exist. */
function matchesOf(pattern: string): string[] {
  if (!pattern.includes(UNKNOWN)) return [pattern];
  const escaped = basename(pattern).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const name = new RegExp(`^${escaped.replaceAll(UNKNOWN, '.*')}$`, 's');
  return matchesOf(dirname(pattern)).flatMap((folder) =>
    entriesOf(folder)
      .filter((entry) => name.test(entry))
      .sort()
      .map((entry) => join(folder, entry)),
  );
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
