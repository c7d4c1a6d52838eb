/** Job entries, and the groups that they form. */

import { describeValue } from './describe.js';
import type { Path } from './path.js';
import type { ResolveContext } from './resolve-context.js';
import { type JobShape, MOST, meansYes } from './schema.js';
import { splitWords } from './split-words.js';
import { checkTemplate } from './templates.js';
import type { JobEntry, JobGroup } from './types.js';

export interface ResolvedJobs {
  readonly groups: ReadonlyMap<string, JobGroup>;
  /** Every name of a group that could be read, also of entries that are otherwise wrong. */
  readonly names: ReadonlySet<string>;
  /** Whether `names` holds all: only then is any other name unknown. */
  readonly complete: boolean;
}

/** Makes the job groups, in the order in which the file names them first. */
export function resolveJobs(context: ResolveContext): ResolvedJobs {
  const shapes = context.shape.config.jobs;
  const groups = new Map<string, JobGroup & { readonly entries: JobEntry[]; count: number }>();
  let complete = shapes !== undefined;
  for (const [index, job] of (shapes ?? []).entries()) {
    const path = ['jobs', index];
    if (job?.name === undefined) complete = false;
    if (job === undefined) continue;
    const entry = resolveJob(context, job, path);
    const group = groups.get(entry.group) ?? { name: entry.group, entries: [], count: 0 };
    group.entries.push(entry);
    group.count += entry.count;
    groups.set(entry.group, group);
    if (group.count > MOST) {
      const message = `the jobs of this group are ${group.count} up to here; ${MOST} at most`;
      context.problems.error([...path, 'count'], message);
    }
  }
  return { groups, names: new Set(groups.keys()), complete };
}

function resolveJob(context: ResolveContext, job: JobShape, path: Path): JobEntry {
  for (const key of ['output', 'error'] as const) {
    for (const message of checkTemplate(job[key] ?? '')) context.problems.error([...path, key], message);
  }
  const nodes = job.nodes || 1;
  const command = commandText(context, job.command, [...path, 'command']);
  return {
    group: job.name ?? '',
    command: resolveCommand(context, command, [...path, 'command']),
    commandText: command ?? '',
    workdir: job.workdir || null,
    inheritEnvironment: meansYes(job.inheritEnvironment ?? true),
    environment: resolveEnvironment(context, job.environment ?? {}, [...path, 'environment']),
    count: job.count ?? 1,
    nodes,
    // Flux refuses fewer tasks than nodes; what people mean is one on each.
    tasks: Math.max(job.tasks || 1, nodes),
    cores: job.cores ?? 1,
    gpus: job.gpus ?? 0,
    duration: job.duration ?? 0,
    urgency: job.urgency ?? 16,
    queue: job.queue ?? null,
    bank: job.bank ?? null,
    output: job.output ?? null,
    error: job.error ?? null,
    attributes: job.attributes ?? {},
  };
}

/** The command as it stands in the file: `true` is the program of that name. */
function commandText(
  { source }: ResolveContext,
  command: string | boolean | undefined,
  path: Path,
): string | undefined {
  return typeof command === 'boolean' ? (source.writtenAs(path) ?? String(command)) : command;
}

function resolveCommand({ problems }: ResolveContext, text: string | undefined, path: Path): string[] {
  if (text === undefined) return [];
  const words = splitWords(text);
  if (!words.ok) {
    for (const message of words.messages) problems.error(path, message);
    return [];
  }
  if (words.value.length === 0) {
    problems.error(path, 'the command is empty; write a program and its arguments');
  } else if (words.value[0] === '') {
    problems.error(path, "the command's first word, the program, is empty");
  }
  return words.value;
}

function resolveEnvironment(
  { source, problems }: ResolveContext,
  environment: Readonly<Record<string, string | number | boolean>>,
  path: Path,
): Record<string, string> {
  const entries = Object.entries(environment).map(([name, value]) => {
    const at = [...path, name];
    // zod passes over a key called __proto__, and with it over whatever it holds.
    if (typeof value === 'object') {
      problems.error(at, `must be a string, a number or a boolean; found ${describeValue(value)}`);
    }
    // As written: 1.10 is a version more often than a number, and must not become 1.1.
    return [name, typeof value === 'string' ? value : (source.writtenAs(at) ?? String(value))];
  });
  return Object.fromEntries(entries);
}
