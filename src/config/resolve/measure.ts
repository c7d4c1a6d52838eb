/** `measure:` of job entries: numbers that are read from the files of the jobs of a group. */

import { isDeepStrictEqual } from 'node:util';
import { isFluxTag } from '../../language/job-tags.js';
import { isTemplate, namesIn } from '../../language/template.js';
import { compilePath } from '../../measure/json-path.js';
import { groupsOf } from '../../measure/patterns.js';
import type { GroupProbe } from '../../model/ensemble.js';
import type { MeasuredFile, MeasureEntry, Measurement, MeasureSource } from '../../model/measure.js';
import { quote } from '../../text/describe.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import { messagesOf, ok } from '../../text/result.js';
import { choices, didYouMean } from '../../text/suggest.js';
import type { JobShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';
import { besideFile } from './custom.js';
import { faultOfNames } from './variable-names.js';

/** The default in seconds. */
const TIMEOUT = 60;

type SourceShape = NonNullable<NonNullable<JobShape['measure']>[string]>;

const KINDS = ['pattern', 'json', 'csv', 'python'] as const;
type Kind = (typeof KINDS)[number];

/** The keys that belong to a kind, in addition to those of all. */
const KEYS: Readonly<Record<Kind, readonly (keyof SourceShape)[]>> = {
  pattern: ['pattern', 'from', 'take'],
  json: ['json', 'path', 'take'],
  csv: ['csv', 'column', 'separator', 'take'],
  python: ['python'],
};
const OF_KINDS = [...new Set(Object.values(KEYS).flat())];

/** Names of a group's jobs that file names may hold, in addition to Flux's own. */
const OF_JOBS = ['index', 'group'];

export interface MeasureContext extends ResolveContext {
  /** The names of the parameters of each group. */
  readonly parameters: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Adds the measurements of each group to its probes. A mistake is reported, and its group added to `doubtful`. Entries that are
 * read at the same end, and in the same time, are measured together.
 */
export function resolveMeasures(
  context: MeasureContext,
  jobs: readonly (JobShape | undefined)[],
  groups: Map<string, GroupProbe[]>,
  doubtful: Set<string>,
): void {
  for (const [index, job] of jobs.entries()) {
    const group = job?.name ?? '';
    const path = ['jobs', index, 'measure'];
    if (context.shape.isBroken(path)) doubtful.add(group);
    for (const [name, shape] of Object.entries(job?.measure ?? {})) {
      const probes = groups.get(group) ?? [];
      const at = [...path, name];
      const entry = shape && resolveEntry(context, group, name, shape, at);
      if (!entry || !addEntry(context, probes, entry, shape, at)) doubtful.add(group);
      if (probes.length > 0) groups.set(group, probes);
    }
  }
}

/** False after a report of a name that is taken. */
function addEntry(
  { problems }: ResolveContext,
  probes: GroupProbe[],
  entry: MeasureEntry,
  { on = 'success', timeout, wait }: SourceShape,
  at: Path,
): boolean {
  const times = {
    on,
    timeout: timeout === undefined ? TIMEOUT : durationSeconds(timeout),
    wait: wait === undefined ? null : durationSeconds(wait),
  };
  const measured = probes.filter((probe): probe is Measurement => probe.kind === 'measure');
  const isSame = (other: Measurement) =>
    isDeepStrictEqual(times, { on: other.on, timeout: other.timeout, wait: other.wait });
  const together = measured.find(isSame);
  // Entries of a group may repeat what another one says.
  if (together?.entries.some((other) => isDeepStrictEqual(other, entry))) return true;
  const fault = faultOfNames(entry.values, probes);
  if (fault !== null) {
    problems.error(at, fault, 'key');
    return false;
  }
  const entries = [...(together?.entries ?? []), entry];
  const values = entries.flatMap((each) => each.values);
  const made: Measurement = { kind: 'measure', entries, values, ...times };
  if (together === undefined) probes.push(made);
  else probes[probes.indexOf(together)] = made;
  return true;
}

/** Null after a report of a mistake. */
function resolveEntry(
  context: MeasureContext,
  group: string,
  name: string,
  shape: SourceShape,
  path: Path,
): MeasureEntry | null {
  const { problems } = context;
  if (context.shape.isBroken(path)) return null;
  const kinds = KINDS.filter((kind) => shape[kind] !== undefined || context.shape.isBroken([...path, kind]));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const found = kinds.length === 0 ? 'none of them' : choices(kinds, 'and');
    problems.error(path, `must have one of ${choices(KINDS)}; found ${found}`);
    return null;
  }
  for (const key of OF_KINDS) {
    if (shape[key] === undefined || KEYS[kind].includes(key)) continue;
    problems.error([...path, key], `${quote(key)} does not belong to ${quote(kind)}`, 'key');
    return null;
  }
  const source = SOURCES[kind]({ context, group, shape, path });
  if (source === null) return null;
  const take = shape.take ?? 'last';
  const values = source.kind === 'pattern' ? valuesOf(source.pattern, name) : [name];
  return { name, source, take, values };
}

/** The names of an entry's values. */
function valuesOf(pattern: string, name: string): readonly string[] {
  const { names } = groupsOf(pattern);
  return names.length === 0 ? [name] : names;
}

interface Part {
  readonly context: MeasureContext;
  readonly group: string;
  readonly shape: SourceShape;
  readonly path: Path;
}

/** The source of each kind; null after a report of a mistake. */
const SOURCES: Readonly<Record<Kind, (part: Part) => MeasureSource | null>> = {
  pattern(part) {
    const { context, shape, path } = part;
    const file = fileOf(part, 'from', shape.from ?? 'output');
    const { pattern } = shape;
    if (pattern === undefined || file === null) return null;
    const fault = faultOfPattern(pattern, shape.take === 'count');
    if (fault === null) return { kind: 'pattern', file, pattern };
    context.problems.error([...path, 'pattern'], fault);
    return null;
  },
  json(part) {
    const { context, shape, path } = part;
    const file = fileOf(part, 'json', shape.json);
    const query = required(part, 'path', shape.path, 'the JSONPath of the number, like $.loss');
    if (query === null || file === null) return null;
    const fault = faultOfPath(query);
    if (fault === null) return { kind: 'json', file, path: query };
    context.problems.error([...path, 'path'], fault);
    return null;
  },
  csv(part) {
    const { shape } = part;
    const file = fileOf(part, 'csv', shape.csv);
    const column = required(part, 'column', shape.column, 'the name of a column, or its number from 1');
    if (column === null || file === null) return null;
    return { kind: 'csv', file, column, separator: shape.separator ?? null };
  },
  python({ context, shape, path }) {
    if (shape.python === undefined) return null;
    if (shape.python.endsWith('.py')) return { kind: 'python', file: besideFile(shape.python, context.file) };
    context.problems.error([...path, 'python'], 'must be a Python file, like ./read.py');
    return null;
  },
};

function required<T>({ context, path }: Part, key: string, value: T | undefined, what: string): T | null {
  if (value !== undefined) return value;
  if (!context.shape.isBroken([...path, key])) {
    context.problems.error(path, `${quote(key)} is missing: it must be ${what}`);
  }
  return null;
}

/** Null after a report of an invalid tag. */
function fileOf({ context, group, path }: Part, key: string, text: string | undefined): MeasuredFile | null {
  if (text === undefined) return null;
  if (text === 'output' || text === 'error') return { kind: text };
  const found = isTemplate(text) ? namesIn(text) : ok<string[]>([]);
  const known = [...(context.parameters.get(group) ?? []), ...OF_JOBS];
  const unknown = found.ok ? found.value.filter((name) => !known.includes(name) && !isFluxTag(name)) : [];
  const messages = [
    ...messagesOf(found),
    ...unknown.map((name) => {
      const hint =
        didYouMean(name, known) ||
        '; the name of a file may have parameters, {{id}}, {{index}} and {{group}}';
      return `unknown name ${quote(`{{${name}}}`)}${hint}`;
    }),
  ];
  for (const message of messages) context.problems.error([...path, key], message);
  return messages.length === 0 ? { kind: 'path', path: text } : null;
}

function faultOfPattern(pattern: string, isCounted: boolean): string | null {
  let groups: ReturnType<typeof groupsOf>;
  try {
    groups = groupsOf(pattern);
  } catch (error) {
    return `is not a regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`;
  }
  const { count, names } = groups;
  if (names.length > 0 || isCounted) return null;
  if (count === 0) return "needs a group in parentheses around the number, like 'energy: (\\S+)'";
  return count === 1
    ? null
    : `has ${count} groups in parentheses; write (?:...) for those that are not the number, or give names: (?<name>...)`;
}

function faultOfPath(path: string): string | null {
  try {
    compilePath(path);
    return null;
  } catch (error) {
    return `is not a JSONPath (RFC 9535), like $.results[-1].loss: ${(error as Error).message}`;
  }
}
