/** Job entries, and the groups that they form. */

import { FillError, fillDraft, showWords } from '../../language/fill.js';
import { isFluxTag } from '../../language/job-tags.js';
import { meansYes } from '../../language/shapes.js';
import { splitWords } from '../../language/split-words.js';
import { fillText, isTemplate, type Lookup } from '../../language/template.js';
import { checkTemplate } from '../../language/template-names.js';
import type {
  EnsembleConfig,
  FileSweep,
  JobDraft,
  JobEntry,
  JobGroup,
  RetryPolicy,
  Sweep,
} from '../../model/ensemble.js';
import { type Limits, NO_LIMITS } from '../../model/job-limits.js';
import { MAX_COUNT, MAX_EAGER_ROWS } from '../../model/limits.js';
import { GroupNames } from '../../model/metric-names.js';
import type { AskOptions } from '../../model/search.js';
import { tellAnything } from '../../model/tells.js';
import type { Given, Row } from '../../model/written.js';
import { RowError } from '../../rows/row-error.js';
import { firstTable, knownRows } from '../../rows/tables.js';
import { describeValue, quote } from '../../text/describe.js';
import { durationSeconds, formatDuration } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import { messagesOf } from '../../text/result.js';
import type { JobShape } from '../schema/ensemble.js';
import { isLarge, type Scalar } from '../source/as-written.js';
import type { Part } from '../source/problems.js';
import { namesOfSearch, resolveAsk } from './ask.js';
import type { ResolveContext, ResolvedJobs } from './context.js';
import { resolveLimits } from './limits.js';
import { isNames, isRowFile, resolveSweep } from './parameters.js';
import { withJobDefaults } from './plugins.js';
import { namesOfGroups, objectivesOf, type ResolvedProbes, resolveProbes } from './probes.js';
import { checkRetryParameters, resolveRetry } from './retry.js';
import { reportRowError, resolveRowFile } from './row-file.js';
import { resolveSlurm } from './slurm.js';
import { hasStates } from './states.js';
import { NO_TELLS } from './tells.js';

/** Every entry, with the place of its entry in the file. */
export type PlacedEntries = readonly { readonly path: Path; readonly entry: JobEntry }[];

/** Groups that have been resolved, as added rules refer to them. */
export function jobsOf({ groups, largeParameters }: EnsembleConfig): ResolvedJobs {
  const parameters = new Map(
    [...groups].map(([name, { entries }]) => [
      name,
      new Set(entries.flatMap(({ draft }) => draft?.sweep?.names ?? [])),
    ]),
  );
  return { groups, names: namesOfGroups(groups), complete: true, parameters, large: largeParameters };
}

/** Names of all groups, before the first group is made. */
interface Overview {
  readonly names: ReadonlySet<string>;
  readonly complete: boolean;
  readonly ofAnyJob: ReadonlySet<string>;
  /** The files of rows of entries that have one. */
  readonly files: RowFiles;
}

type RowFiles = ReadonlyMap<JobShape, FileSweep>;

/** Makes the job groups, in the order in which the file names them first. */
export function resolveJobs(context: ResolveContext): ResolvedJobs & { readonly entries: PlacedEntries } {
  const shapes = context.shape.config.jobs;
  const groups = new Map<string, GrowingGroup>();
  const all: { path: Path; entry: JobEntry }[] = [];
  // Jobs of plugins may have parameters too, so plugins come first.
  const jobs = (shapes ?? []).map((job, index) => job && withJobDefaults(context, job, ['jobs', index]));
  const files = new Map<JobShape, FileSweep>();
  for (const [index, job] of jobs.entries()) {
    const sweep = job === undefined ? null : resolveRowFile(context, job, ['jobs', index]);
    if (job !== undefined && sweep !== null) files.set(job, sweep);
  }
  const parameters = parameterNames(jobs, files);
  const probes = resolveProbes({ ...context, parameters }, jobs);
  const overview = {
    names: new GroupNames(
      (shapes ?? []).flatMap((job) => job?.name ?? []),
      probes.names,
      new Map(jobs.flatMap((job) => (job?.ask && job.name ? [[job.name, job.ask.objective ?? null]] : []))),
    ),
    complete: shapes?.every((job) => job?.name !== undefined) === true,
    ofAnyJob: new Set([...parameters.values()].flatMap((names) => [...names])),
    files,
  };
  for (const [index, job] of jobs.entries()) {
    const path = ['jobs', index];
    if (job === undefined) continue;
    const name = job.name ?? '';
    const group = groups.get(name) ?? newGroup(name, probes);
    group.ask ??= resolveAsk(context, job, group, path);
    const entries = resolveJob(context, overview, job, group, path);
    for (const entry of entries) {
      all.push({ path, entry });
      group.entries.push(entry);
      const rows = entry.streamed && entry.draft?.sweep ? knownRows(entry.draft.sweep) : 1;
      group.count = group.count === null || rows === null ? null : group.count + rows * entry.count;
    }
    group.retry = resolveRetry(context, group, job, index);
    group.limits = resolveLimits(context, group, job, index);
    groups.set(name, group);
    addStalled(context, group, job, path);
    group.after ??= job.after ?? null;
    if (group.count !== null && group.count > MAX_COUNT) {
      const message = `the jobs of this group are ${group.count} up to here; ${MAX_COUNT} at most`;
      context.problems.error([...path, 'count'], message);
    }
  }
  checkRetryParameters(context, groups, jobs);
  return {
    groups,
    names: new GroupNames(groups.keys(), probes.names, objectivesOf(groups)),
    complete: overview.complete,
    entries: all,
    parameters,
    large: largeParameters(context, jobs),
  };
}

/** Integers that a number may not hold exactly, in the parameters of entries and of actions. */
function largeParameters(
  { shape }: ResolveContext,
  jobs: readonly (JobShape | undefined)[],
): Map<string, bigint> {
  const found = new Map<string, bigint>();
  const look = (name: string, value: unknown): void => {
    if (isLarge(value)) found.set(name, value);
    else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value)) look(name, inner);
    }
  };
  const passed = (shape.config.rules ?? []).flatMap((rule) => [
    rule?.action?.parameters,
    rule?.resolve?.parameters,
  ]);
  for (const parameters of [...jobs.map((job) => job?.parameters), ...passed]) {
    for (const row of Array.isArray(parameters) ? parameters : [parameters]) {
      for (const [name, value] of Object.entries(row ?? {})) look(name, value);
    }
  }
  return found;
}

function newGroup(name: string, { groups, tells }: ResolvedProbes): GrowingGroup {
  const [probes, told] = [groups.get(name) ?? [], tells.get(name) ?? NO_TELLS];
  const nothing = { limits: NO_LIMITS, retry: null, ask: null, stalled: null, after: null };
  return { name, probes, tells: told, entries: [], count: 0, ...nothing };
}

type GrowingGroup = Pick<JobGroup, 'name' | 'probes' | 'tells'> & {
  readonly entries: JobEntry[];
  count: number | null;
  stalled: number | null;
  after: string | null;
  retry: RetryPolicy | null;
  ask: AskOptions | null;
  limits: Limits;
};

/** `stalled` applies to the whole group, whichever entry sets it. */
function addStalled(
  { problems }: ResolveContext,
  group: GrowingGroup,
  { stalled }: JobShape,
  path: Path,
): void {
  if (stalled === undefined || stalled === null) return;
  const seconds = durationSeconds(stalled);
  if (group.stalled !== null && group.stalled !== seconds) {
    const message = `the group's jobs are stalled after ${formatDuration(group.stalled)} by an entry above`;
    problems.error([...path, 'stalled'], message);
  }
  group.stalled ??= seconds;
}

/** The names of the parameters of each group. */
function parameterNames(
  shapes: readonly (JobShape | undefined)[],
  files: RowFiles,
): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const job of shapes) {
    const { parameters } = job ?? {};
    if (job === undefined) continue;
    const asked = namesOfSearch(job) ?? (isNames(parameters) ? parameters : null);
    if (asked === null && (parameters === undefined || parameters === null)) continue;
    const names = found.get(job.name ?? '') ?? new Set();
    for (const name of asked ?? []) names.add(name);
    if (asked !== null) {
      found.set(job.name ?? '', names);
      continue;
    }
    if (isRowFile(parameters)) for (const name of files.get(job)?.names ?? []) names.add(name);
    else
      for (const row of Array.isArray(parameters) ? parameters : [parameters]) {
        for (const name of Object.keys(row ?? {})) names.add(name);
      }
    found.set(job.name ?? '', names);
  }
  return found;
}

/** The entries of one entry in the file: a single one, or one for each of few rows of its parameters. */
function resolveJob(
  context: ResolveContext,
  overview: Overview,
  job: JobShape,
  { entries: before, tells, ask }: Pick<JobGroup, 'entries' | 'tells' | 'ask'>,
  path: Path,
): JobEntry[] {
  if (job.command === undefined && job.use === undefined && !context.shape.isBroken([...path, 'command'])) {
    context.problems.error(path, "'command' is missing: it must be a string that is not empty");
  }
  const count = job.count ?? 1;
  const commandAt = [...path, 'command'];
  const commandText = commandTextOf(context, job.command, commandAt) ?? '';
  const written = job.command === undefined ? undefined : commandText;
  const command = resolveCommand(context, written, commandAt);
  const draft: JobDraft = {
    group: job.name ?? '',
    command,
    workdir: job.workdir || null,
    inheritEnvironment: meansYes(job.inheritEnvironment ?? true),
    environment: resolveEnvironment(context, job.environment ?? {}, [...path, 'environment']),
    nodes: job.nodes ?? 1,
    tasks: job.tasks ?? 1,
    cores: job.cores ?? 1,
    gpus: job.gpus ?? 0,
    duration: secondsOrTemplate(job.duration ?? 0),
    urgency: job.urgency ?? 16,
    queue: job.queue ?? null,
    bank: job.bank ?? null,
    output: job.output ?? null,
    error: job.error ?? null,
    tells: tellAnything(tells),
    attributes: job.attributes ?? {},
    slurm: resolveSlurm(context, job.slurm, [...path, 'slurm']),
    sweep: job.ask ? sweepOfSearch(job) : resolveSweep(context, job, path, overview.files.get(job) ?? null),
    names: new Set(),
  };
  const found = checkTemplates(context, overview, job, draft, path);
  // After a mistake, the result would be wrong too.
  const whole = found === null ? draft : { ...draft, names: found };
  // The rows of a search are known when its optimizer has answered.
  const late =
    ask !== null || [...whole.names].some((name) => name !== 'group' && !draft.sweep?.names.includes(name));
  const open = whole.names.size > 0 || draft.sweep !== null;
  const skipsDone = job.skip === 'done';
  if (skipsDone) checkSkip(context, job, whole, path);
  const more = { count, draft: open ? whole : null, late, streamed: false, skipsDone };
  const { names: _, sweep, ...texts } = whole;
  if (sweep !== null && isStreamed(sweep)) {
    const row = { entry: before.length, parameters: {}, values: null };
    if (found !== null && !late) checkFirstRows(context, whole, path);
    return [
      {
        ...texts,
        ...numbersIn(whole),
        ...row,
        ...more,
        commandText: showWords(whole.command),
        streamed: true,
      },
    ];
  }
  const rows = sweep === null || job.ask ? [{}] : firstTable(sweep);
  const entries: JobEntry[] = [];
  for (const parameters of rows) {
    const row = { entry: before.length + entries.length, parameters, values: null };
    if (found === null || late) {
      const known = late ? fillWhatIsKnown(whole.command, parameters) : commandText;
      entries.push({ ...texts, ...NO_NUMBERS, ...row, ...more, commandText: known });
      continue;
    }
    try {
      const template = fillDraft(whole, row, (name) => parameterOf(name, whole.group, parameters));
      const text = open ? showWords(template.command) : commandText;
      entries.push({ ...template, ...more, commandText: text });
    } catch (error) {
      if (!(error instanceof FillError)) throw error;
      reportFill(context, error, path, sweep === null ? null : parameters);
      return entries;
    }
  }
  return entries;
}

/** The names of a search whose rows are not known yet. */
function sweepOfSearch(job: JobShape): Sweep {
  const names = namesOfSearch(job) ?? [];
  return { kind: 'values', names, fixed: [], draws: [], samples: 1, seed: 0, design: 'random' };
}

/** Reports why jobs can't be skipped: they must be known before a rule fires. */
function checkSkip({ problems }: ResolveContext, job: JobShape, draft: JobDraft, path: Path): void {
  const at = [...path, 'skip'];
  if ((job.count ?? 1) !== 1) problems.error(at, "only single jobs are skipped; remove 'count'", 'key');
  if (job.ask) problems.error(at, 'the rows of a search are not skipped; remove it', 'key');
  const late = [...draft.names].find((name) => name !== 'group' && !draft.sweep?.names.includes(name));
  if (late === undefined) return;
  const message = `{{${late}}} is known only when a rule fires, so jobs with it are not the same again; remove one of both`;
  problems.error(at, message, 'key');
}

/** Whether the rows of a sweep are made when they are submitted. */
function isStreamed(sweep: Sweep): boolean {
  return sweep.kind === 'file' || (knownRows(sweep) ?? 0) > MAX_EAGER_ROWS;
}

/** Reports the first mistake in the first rows of an entry whose rows are made later. */
function checkFirstRows(context: ResolveContext, draft: JobDraft, path: Path): void {
  let left = MAX_EAGER_ROWS;
  try {
    for (const parameters of firstTable(draft.sweep as Sweep)) {
      if (left-- === 0) return;
      const row = { entry: 0, parameters, values: null };
      try {
        fillDraft(draft, row, (name) => parameterOf(name, draft.group, parameters));
      } catch (error) {
        if (!(error instanceof FillError)) throw error;
        reportFill(context, error, path, parameters);
        return;
      }
    }
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    reportRowError(context.problems, context.source, [...path, 'parameters', 'file'], error);
  }
}

function reportFill({ problems }: ResolveContext, error: FillError, path: Path, row: Row | null): void {
  const which = row === null ? '' : ` (${describeRow(row)})`;
  problems.error([...path, ...error.path], `${error.message}${which}`);
}

/** The numbers of a job, as far as they have no tags. */
function numbersIn({ nodes, tasks, cores, gpus, duration }: JobDraft): typeof NO_NUMBERS {
  const known = (value: number | string, otherwise: number) =>
    typeof value === 'number' ? value : otherwise;
  const numbers = {
    nodes: known(nodes, 1) || 1,
    tasks: known(tasks, 1) || 1,
    cores: known(cores, 1),
    gpus: known(gpus, 0),
    duration: known(duration, 0),
  };
  return { ...numbers, tasks: Math.max(numbers.tasks, numbers.nodes) };
}

/** A stand-in for numbers that are not known yet. */
const NO_NUMBERS: Pick<JobEntry, 'nodes' | 'tasks' | 'cores' | 'gpus' | 'duration'> = {
  nodes: 1,
  tasks: 1,
  cores: 1,
  gpus: 0,
  duration: 0,
};

function parameterOf(name: string, group: string, parameters: Row): Given {
  return name === 'group' ? group : (parameters[name] as Given);
}

/** The text of a command that is not fully known yet. */
function fillWhatIsKnown(command: readonly string[], parameters: Row): string {
  const lookup = (name: string) => (Object.hasOwn(parameters, name) ? parameters[name] : `{{${name}}}`);
  return showWords(command.map((word) => fillText(word, lookup as Lookup)));
}

/** A row in words: `temperature=300, nodes=8`. */
function describeRow(parameters: Row): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

/** The names in the tags of a job, or null after a report of an invalid tag. */
function checkTemplates(
  context: ResolveContext,
  overview: Overview,
  job: JobShape,
  draft: JobDraft,
  path: Path,
): Set<string> | null {
  const { problems } = context;
  // The columns of a file that can't be read are unknown.
  if (isRowFile(job.parameters) && draft.sweep === null) return null;
  const names = new Set<string>();
  let good = true;
  const known = {
    // Invalid parameters have valid names.
    parameters: draft.sweep?.names ?? [...(parameterNames([job], new Map()).get(draft.group) ?? [])],
    ofAnyJob: overview.ofAnyJob,
    hasStates: hasStates(context),
    groups: overview.complete ? overview.names : null,
    inJob: true,
    by: null,
  };
  const refuseTags = (name: string, at: Path, part: Part = 'value') => {
    if (!isTemplate(name)) return;
    problems.error(at, `${quote(name)}: a name can't contain tags; only values can`, part);
    good = false;
  };
  const look = (value: unknown, at: Path, flux: (name: string) => boolean = () => false): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (!Array.isArray(value)) refuseTags(key, [...at, key], 'key');
        look(inner, [...at, Array.isArray(value) ? Number(key) : key], flux);
      }
    }
    if (typeof value !== 'string' || !isTemplate(value)) return;
    const checked = checkTemplate(value, { ...known, isFluxTag: flux });
    for (const name of checked.names) names.add(name);
    for (const message of checked.messages) {
      problems.error(at, message);
      good = false;
    }
  };
  refuseTags(draft.group, [...path, 'name']);
  for (const word of draft.command) look(word, [...path, 'command'], isFluxTag);
  for (const key of ['output', 'error', 'attributes'] as const) look(draft[key], [...path, key], isFluxTag);
  for (const key of ['workdir', 'environment', 'queue', 'bank', 'slurm'] as const)
    look(draft[key], [...path, key]);
  for (const key of ['nodes', 'tasks', 'cores', 'gpus', 'duration'] as const)
    look(draft[key], [...path, key]);
  return good ? names : null;
}

/** A time limit in seconds, unless it has tags. */
function secondsOrTemplate(duration: number | string): number | string {
  return typeof duration === 'string' && isTemplate(duration) ? duration : durationSeconds(duration);
}

/** The command as it stands in the file: `true` is the program of that name. */
function commandTextOf(
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
    for (const message of messagesOf(words)) problems.error(path, message);
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
  environment: Readonly<Record<string, Scalar>>,
  path: Path,
): Record<string, string> {
  const entries = Object.entries(environment).map(([name, value]) => {
    const at = [...path, name];
    // zod skips a key called __proto__, and with it its value.
    if (typeof value === 'object') {
      problems.error(at, `must be a string, a number or a boolean; found ${describeValue(value)}`);
    }
    // The text is kept: 1.10 is usually a version, and must not become 1.1.
    return [name, typeof value === 'string' ? value : (source.writtenAs(at) ?? String(value))];
  });
  return Object.fromEntries(entries);
}
