/** Advice on files that several jobs write to. */

import { isAbsolute, join } from 'node:path';
import { isFluxTag } from '../../language/job-tags.js';
import { fillText, namesIn } from '../../language/template.js';
import type { JobEntry, Rule } from '../../model/ensemble.js';
import { knownRows } from '../../rows/tables.js';
import { counted, countedTimes } from '../../text/counted.js';
import { formatPath, type Path } from '../../text/path.js';
import type { ResolveContext } from '../resolve/context.js';
import type { PlacedEntries } from '../resolve/jobs.js';

/** Jobs of one entry of the configuration that write to one file. */
interface Writer {
  /** Path of `output` or `error`. */
  readonly path: Path;
  readonly file: string;
  readonly entry: JobEntry;
  /** Jobs of one submission. */
  jobs: number;
  /** The file's name contains the job's number. */
  readonly numbered: boolean;
}

/** Warns about files that several jobs write to, of one entry or of several. */
export function adviseOnOutputs(
  { problems }: ResolveContext,
  entries: PlacedEntries,
  rules: readonly Rule[],
): void {
  // Many rows of parameters have the same fault, so it is reported once.
  const reported = new Set<Path>();
  const warn = (path: Path, message: string) => {
    if (!reported.has(path)) problems.warning(path, message);
    reported.add(path);
  };
  for (const writers of writersOf(entries).values()) {
    const [first, ...others] = writers as [Writer, ...Writer[]];
    for (const { path, file } of others) {
      const same = formatPath(first.path);
      warn(path, `the jobs of ${same} also write to '${file}'; give each entry its own file`);
    }
    const wrong = others.length === 0 ? whatIsWrongWith(first, rules) : null;
    if (wrong !== null) warn(first.path, `${wrong}; add a tag that differs for each job, like {{id}}`);
  }
}

/** Returns the writers of each file. */
function writersOf(entries: PlacedEntries): Map<string, Writer[]> {
  const files = new Map<string, Writer[]>();
  const paths = new Map<Path, { readonly output: Path; readonly error: Path }>();
  for (const { path, entry } of entries) {
    const own = paths.get(path) ?? { output: [...path, 'output'], error: [...path, 'error'] };
    paths.set(path, own);
    for (const key of ['output', 'error'] as const) {
      const found = key === 'error' && entry.error === entry.output ? null : fileOf(entry, key);
      if (found === null) continue;
      const writers = files.get(found.file) ?? [];
      files.set(found.file, writers);
      // Rows of one entry are consecutive.
      const known = writers.slice(-2).find((writer) => writer.path === own[key]);
      if (known === undefined) writers.push({ path: own[key], entry, jobs: jobsOf(entry), ...found });
      else known.jobs += entry.count;
    }
  }
  return files;
}

/** Jobs of an entry; infinity for rows of an unknown number. */
function jobsOf({ streamed, draft, count }: JobEntry): number {
  if (!streamed || !draft?.sweep) return count;
  return (knownRows(draft.sweep) ?? Number.POSITIVE_INFINITY) * count;
}

function whatIsWrongWith({ jobs, file, numbered, entry }: Writer, rules: readonly Rule[]): string | null {
  if (jobs > 1 && !numbered)
    return `${Number.isFinite(jobs) ? counted(jobs, 'job') : 'all jobs'} write to the same file '${file}'`;
  const times = timesSubmitted(entry, rules);
  if (times <= 1 || jobs === 0) return null;
  const again = numbered ? ' with the same numbers' : '';
  return `the jobs may be submitted ${countedTimes(times)}${again}, and write to '${file}' each time`;
}

/**
 * Returns how often rules submit the same jobs. Jobs with other values, or rows that are submitted in turn, count
 * as different.
 */
function timesSubmitted({ group, draft }: JobEntry, rules: readonly Rule[]): number {
  let times = 0;
  for (const { action } of rules) {
    if (action.name !== 'submit' || action.label !== group || action.parameters !== null) continue;
    if (action.value === null || !draft?.sweep) times += action.repetitions;
  }
  return times;
}

/** Tags of Flux that are the same for all jobs of an entry. */
const OF_ALL_JOBS = /^(?:name|size|ntasks|nnodes|taskid|(?:task|node)\..+)$/;

/**
 * Returns the file that an entry's jobs write to; null where each job writes to another file, or output is
 * discarded.
 */
function fileOf(entry: JobEntry, key: 'output' | 'error'): Pick<Writer, 'file' | 'numbered'> | null {
  const path = entry.draft?.[key] ?? entry[key];
  if (path === null) return null;
  const whole = isAbsolute(path) ? path : join(entry.draft?.workdir ?? entry.workdir ?? '', path);
  const names = namesIn(whole);
  if (!names.ok || whole.startsWith('/dev/')) return null;
  const known = (name: string) => name === 'group' || Object.hasOwn(entry.parameters, name);
  // Other tags, like {{id}} or {{event.id}}, have a different value for each job.
  const differs = (name: string) => name !== 'index' && !(isFluxTag(name) && OF_ALL_JOBS.test(name));
  const tags = names.value.filter((name) => !known(name));
  if (tags.some(differs)) return null;
  const file = fillText(whole, (name) => {
    if (!known(name)) return `{{${name}}}`;
    return name === 'group' ? entry.group : (entry.parameters[name] ?? '');
  });
  return { file, numbered: tags.includes('index') };
}
