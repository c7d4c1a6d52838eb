/** Entries of job groups with their tags filled in, to be submitted for the first time or again. */

import { FillError, fillDraft, showWords } from '../../language/fill.js';
import type { Lookup } from '../../language/template.js';
import type { JobEntry, JobTemplate } from '../../model/ensemble.js';
import type { JobOrigin } from '../../model/firing.js';
import type { Parameters } from '../../model/parameters.js';
import { type Given, plain, type Row, rowOf } from '../../model/written.js';

/**
 * The job of an entry with these parameters. `index` is the job's number, and `values` looks up all other names of its
 * tags. Throws an Error that names the key and the group, and what `values` throws.
 */
export function fillIn(entry: JobEntry, parameters: Row, index: number, values: Lookup): JobEntry {
  const { draft } = entry;
  if (draft === null) return entry;
  const used: Record<string, Given> = {};
  const lookup: Lookup = (name) => {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter !== undefined) return parameter;
    if (name === 'group') return draft.group;
    used[name] ??= name === 'index' ? index : values(name);
    return used[name];
  };
  try {
    // `used` is complete only after the draft has been filled in.
    const template: JobTemplate = fillDraft(draft, { entry: entry.entry, parameters, values: used }, lookup);
    return { ...entry, ...template, streamed: false, commandText: showWords(template.command) };
  } catch (error) {
    if (!(error instanceof FillError)) throw error;
    throw new Error(`${error.path.join('.')} of group '${draft.group}': ${error.message}`, { cause: error });
  }
}

/**
 * The job of an entry that was submitted with these parameters. Throws an Error that names an unknown value, or the key
 * that can't be filled in.
 */
export function asSubmitted(
  entry: JobEntry,
  parameters: Parameters | null,
  { index, values, texts }: Pick<JobOrigin, 'index' | 'values' | 'texts'>,
): JobEntry {
  const row = rowOf(parameters ?? {}, texts);
  const isOwn = Object.keys(row).some((name) => !isSame(row[name], entry.parameters[name]));
  if (values === null && !entry.late && !isOwn) return entry;
  const known = rowOf(values ?? {}, texts);
  return fillIn(entry, { ...entry.parameters, ...row }, index, (name) => {
    const value = known[name];
    if (value === undefined) throw new Error(`its jobspec does not say what {{${name}}} was`);
    return value;
  });
}

function isSame(one: Given | undefined, other: Given | undefined): boolean {
  return (
    one !== undefined && other !== undefined && plain(one) === plain(other) && String(one) === String(other)
  );
}
