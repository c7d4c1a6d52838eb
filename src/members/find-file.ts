/** Finds a job's file where its name depends on what only the job's shell knows. */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compileTags } from '../language/job-tags.js';
import type { JobTagValues } from '../model/job-facts.js';

export interface FoundFile {
  /** The file; where none exists, the likeliest name of those that it might get. */
  readonly path: string;
  /** The names that were looked for; `*` stands for what is not known. */
  readonly names: readonly string[];
}

/** In place of what is not known; no path has it. */
const UNKNOWN = '\0';

/**
 * The file that a path with Flux's tags stands for. Both spellings of an id in F58 are looked for: which one it is
 * depends on the locale of Flux's broker. Of two files the newer one counts, as ids are given anew by every instance.
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

/** Paths that exist, in order; a path without anything unknown may not. */
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
