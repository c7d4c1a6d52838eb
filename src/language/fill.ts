/** A job of the file, and values for its tags -> a job that can be submitted. */

import type { JobDraft, JobTemplate, SlurmOptions } from '../model/ensemble.js';
import { MAX_COUNT } from '../model/limits.js';
import { plain, type Row } from '../model/written.js';
import { describeValue } from '../text/describe.js';
import { DURATION_PATTERN, durationSeconds } from '../text/duration.js';
import type { Path } from '../text/path.js';
import { shellQuoted } from '../text/shell.js';
import { isFluxTag } from './job-tags.js';
import { fillText, fillValue, isTemplate, type Lookup } from './template.js';

/** A value that can't be filled in, or has the wrong type afterwards. */
export class FillError extends Error {
  /** The place in the job entry. */
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

/** Flux's tags stay as they are, unless a parameter has the name. */
function leavingFluxTags(lookup: Lookup, parameters: Row): Lookup {
  return (name) => (isFluxTag(name) && !Object.hasOwn(parameters, name) ? `{{${name}}}` : lookup(name));
}

/** Words as a shell would read them, for users. */
export function showWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\p{L}\p{N}_@%+=:,./{}-]+$/u.test(word) ? word : shellQuoted(word)))
    .join(' ');
}

/** The number in a text, or the seconds of a duration unless it must be `whole`; null for other texts. */
function numberIn(text: string, whole: boolean): number | null {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  return !whole && DURATION_PATTERN.test(trimmed) ? durationSeconds(trimmed) : null;
}

/** A number of nodes, tasks and the like, or of seconds. */
export function fillNumber(
  path: Path,
  written: number | string,
  least: number,
  lookup: Lookup,
  whole = true,
): number {
  if (typeof written === 'number') return written;
  const value = plain(fillValue(written, lookup));
  const number = typeof value === 'string' ? numberIn(value, whole) : value;
  const fits =
    typeof number === 'number' &&
    Number.isFinite(number) &&
    number >= least &&
    (!whole || number <= MAX_COUNT);
  if (fits && (!whole || Number.isInteger(number))) return number;
  const wanted = whole
    ? `an integer from ${least} to ${MAX_COUNT}`
    : 'a duration like 30s or 2h, or a number of seconds';
  throw new FillError(path, `must be ${wanted}; ${written} is ${describeValue(value)}`);
}

/** A text with its tags filled in, for the operating system. Throws FillError, and what `lookup` throws. */
function text(path: Path, written: string, lookup: Lookup): string {
  const filled = fillText(written, lookup);
  if (filled.includes('\0')) throw new FillError(path, 'must not contain a NUL character');
  return filled;
}

/** The words of a command with their tags filled in. Throws FillError, and what `lookup` throws. */
export function fillCommand(words: readonly string[], lookup: Lookup): string[] {
  const command = words.map((word) => text(['command'], word, lookup));
  if (command[0] === '' && isTemplate(words[0] ?? '')) {
    throw new FillError(
      ['command'],
      "the command's first word, the program, is empty after its tags are filled in",
    );
  }
  return command;
}

/** Fills in all strings in a value, at any depth. */
export function fillDeep(value: unknown, lookup: Lookup): unknown {
  if (typeof value === 'string') return plain(fillValue(value, lookup));
  if (Array.isArray(value)) return value.map((inner) => fillDeep(inner, lookup));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillDeep(inner, lookup)]));
}

/** Fills in everything; `row` has the values that the job stores. Throws FillError, and the errors of `lookup`. */
export function fillDraft(
  draft: JobDraft,
  row: Pick<JobTemplate, 'entry' | 'parameters' | 'values'>,
  lookup: Lookup,
): JobTemplate {
  const open = leavingFluxTags(lookup, row.parameters);
  const inPath: Lookup = (name) => {
    const value = open(name);
    // The name of a group must not lead to another folder.
    return name === 'group' ? String(value).replaceAll('/', '_') : value;
  };
  const textOrNull = (key: 'workdir' | 'queue' | 'bank' | 'output' | 'error', how: Lookup) => {
    const written = draft[key];
    return written === null ? null : text([key], written, how) || null;
  };
  const command = fillCommand(draft.command, open);
  const nodes = fillNumber(['nodes'], draft.nodes, 0, lookup) || 1;
  return {
    group: draft.group,
    command,
    workdir: textOrNull('workdir', lookup),
    inheritEnvironment: draft.inheritEnvironment,
    environment: Object.fromEntries(
      Object.entries(draft.environment).map(([name, value]) => [
        name,
        text(['environment', name], value, lookup),
      ]),
    ),
    nodes,
    // Flux refuses fewer tasks than nodes; the usual intent is one task on each.
    tasks: Math.max(fillNumber(['tasks'], draft.tasks, 0, lookup) || 1, nodes),
    cores: fillNumber(['cores'], draft.cores, 1, lookup),
    gpus: fillNumber(['gpus'], draft.gpus, 0, lookup),
    duration: fillNumber(['duration'], draft.duration, 0, lookup, false),
    urgency: draft.urgency,
    queue: textOrNull('queue', lookup),
    bank: textOrNull('bank', lookup),
    output: textOrNull('output', inPath),
    error: textOrNull('error', inPath),
    tells: draft.tells,
    attributes: fillDeep(draft.attributes, open) as JobTemplate['attributes'],
    slurm: fillSlurm(draft.slurm, lookup),
    ...row,
  };
}

/** Unlike other values, what looks like a number stays text. */
function fillSlurm(slurm: JobDraft['slurm'], lookup: Lookup): JobTemplate['slurm'] {
  if (slurm === null) return null;
  const { options, ...named } = slurm;
  const filled = Object.entries(named).map(([key, value]) => [
    key,
    value === null ? null : text(['slurm', key], value, lookup) || null,
  ]);
  return {
    ...(Object.fromEntries(filled) as Omit<SlurmOptions, 'options'>),
    options: options.map((option, index) => text(['slurm', 'options', index], option, lookup)),
  };
}
