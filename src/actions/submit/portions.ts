/** The jobs of a submission by entry, and how they are shown. */

import { basename } from 'node:path';
import type { JobEntry, JobGroup } from '../../model/ensemble.js';
import type { Row } from '../../model/written.js';
import { knownRows } from '../../rows/tables.js';
import { escapeControls } from '../../text/describe.js';

/** Jobs of one entry; of an entry whose rows are made when they are submitted, those of each row. */
export interface Portion {
  readonly entry: JobEntry;
  readonly count: number;
}

/** The parameters of an entry's job, with those that are passed in place of its own. */
export function parametersOf({ draft, parameters }: JobEntry, passed: Row | null): Row {
  const own = Object.entries(passed ?? {}).filter(([name]) => draft?.sweep?.names.includes(name));
  return own.length === 0 ? parameters : { ...parameters, ...Object.fromEntries(own) };
}

/**
 * The entries of `value` jobs of a group (null: all of it) in their order, each with its count. A group with fewer jobs
 * than `value` begins again with its first entry.
 */
export function portionsOf(group: JobGroup, value: number | null): Portion[] {
  if (value === null) return group.entries.map((entry) => ({ entry, count: entry.count }));
  if (group.count === 0) return [];
  const streamed = group.entries.find((entry) => entry.streamed);
  // The rows are made only when they are submitted.
  if (streamed !== undefined || group.count === null) {
    return streamed === undefined ? [] : [{ entry: streamed, count: value }];
  }
  const rounds = Math.floor(value / group.count);
  let rest = value % group.count;
  const portions: Portion[] = [];
  for (const entry of group.entries) {
    const extra = Math.min(rest, entry.count);
    rest -= extra;
    portions.push({ entry, count: rounds * entry.count + extra });
  }
  return portions.filter(({ count }) => count > 0);
}

/** Entries that are described one by one; a sweep may have thousands of rows. */
const MAX_DESCRIBED = 10;

/** A job entry on one line, in ensemble-python's form: `(name:sleep),(command:sleep 10),(count:5),(nodes:1)`. */
function describePortion({ entry, count }: Portion): string {
  const parts: [string, unknown][] = [
    ['name', entry.group],
    ['command', entry.commandText],
    ['count', count],
    ['nodes', entry.nodes],
  ];
  if (entry.tasks !== entry.nodes) parts.push(['tasks', entry.tasks]);
  if (entry.cores !== 1) parts.push(['cores', entry.cores]);
  if (entry.gpus !== 0) parts.push(['gpus', entry.gpus]);
  if (entry.duration !== 0) parts.push(['duration', entry.duration]);
  if (entry.streamed) parts.push(['rows', rowsIn(entry)]);
  if (entry.workdir !== null) parts.push(['workdir', entry.workdir]);
  return escapeControls(parts.map(([key, value]) => `(${key}:${value})`).join(','));
}

/** The rows of an entry in words: their number, or their file. */
function rowsIn({ draft }: JobEntry): string {
  const sweep = draft?.sweep ?? null;
  if (sweep === null) return '';
  return sweep.kind === 'file' ? basename(sweep.file.path) : String(knownRows(sweep));
}

/** Job entries, one on each line. Only the first of many rows of parameters are shown. */
export function describePortions(portions: readonly Portion[]): string {
  const many = portions.length > MAX_DESCRIBED && portions.some(({ entry }) => entry.draft !== null);
  const shown = many ? portions.slice(0, MAX_DESCRIBED - 1) : portions;
  const rest = portions.length - shown.length;
  return [...shown.map(describePortion), ...(rest === 0 ? [] : [`... and ${rest} more`])].join('\n');
}
