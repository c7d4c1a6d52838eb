/** `submit`: a whole group, or `value` jobs of it. */

import { ActionError } from '../errors.js';
import { FillError, fillDraft, showWords } from '../language/fill.js';
import { fillValue, type Lookup } from '../language/template.js';
import type { JobEntry, JobGroup, JobTemplate } from '../model/ensemble.js';
import type { JobOrigin } from '../model/firing.js';
import type { Parameters } from '../model/parameters.js';
import { type Portion, portionsOf } from '../model/portions.js';
import { type Given, plain, type Row, rowOf } from '../model/written.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import { tagValues } from './tag-values.js';

type DueSubmit = Due<ActionNamed<'submit'>>;

/** Entries that are described one by one; a sweep may have thousands of rows. */
const MOST_DESCRIBED = 10;
/** Submissions of one action that may be under way, where each is of jobs of its own. */
const MOST_UNDER_WAY = 64;

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
  if (entry.workdir !== null) parts.push(['workdir', entry.workdir]);
  return escapeControls(parts.map(([key, value]) => `(${key}:${value})`).join(','));
}

/** Job entries, one a line; of many rows of parameters the first ones. */
export function describePortions(portions: readonly Portion[]): string {
  const many = portions.length > MOST_DESCRIBED && portions.some(({ entry }) => entry.draft !== null);
  const shown = many ? portions.slice(0, MOST_DESCRIBED - 1) : portions;
  const rest = portions.length - shown.length;
  return [...shown.map(describePortion), ...(rest === 0 ? [] : [`... and ${rest} more`])].join('\n');
}

/** Jobs that are alike, on their way. */
interface Batch extends Portion {
  /** Number of the first one among those of the firing. */
  readonly index: number;
}

/** What the action's own values for parameters come to now. */
function passedParameters({ action }: DueSubmit, lookup: Lookup): Row | null {
  if (action.parameters === null) return null;
  return Object.fromEntries(
    Object.entries(action.parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? fillValue(value, lookup) : value,
    ]),
  );
}

/**
 * The jobs that are meant, before anything is filled in. With parameters of its own, a rule on a job's event that
 * submits that job's group means that job.
 */
function meantPortions(context: ActionContext, due: DueSubmit, group: JobGroup): Portion[] {
  const { action, firing, rule } = due;
  const swept = group.entries.some(({ draft }) => draft?.sweep);
  if (action.parameters !== null && rule.trigger.kind === 'job' && firing.group === group.name) {
    const entry = group.entries[firing.entry ?? -1];
    if (entry === undefined || firing.parameters === null) {
      throw new Error("its jobspec does not say which of the group's jobs the job is");
    }
    const parameters = rowOf(firing.parameters, firing.origin?.texts ?? {});
    // Its values may have been passed to it, and are not those of its entry then.
    const late = entry.draft !== null;
    return [{ entry: { ...entry, parameters, late }, count: action.value ?? 1 }];
  }
  if (swept && action.value !== null) return context.rows.take(group, action.value);
  const portions = portionsOf(group, action.value);
  return action.parameters === null ? portions : withoutTwins(portions, action.parameters);
}

/** Rows that differ in nothing but what is passed become one. */
function withoutTwins(portions: readonly Portion[], passed: Row): Portion[] {
  const seen = new Map<unknown, Set<string>>();
  return portions.filter(({ entry }) => {
    const rows = seen.get(entry.draft ?? entry) ?? new Set();
    seen.set(entry.draft ?? entry, rows);
    const row = JSON.stringify(
      Object.entries(entry.parameters)
        .filter(([name]) => !Object.hasOwn(passed, name))
        .map(([name, value]) => [name, plain(value), String(value)]),
    );
    return !rows.has(row) && rows.add(row);
  });
}

/**
 * The job of an entry with these parameters; `values` looks up everything else that its tags ask for, and `index` is
 * the job's number. Throws FillError, and what `values` throws.
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
    // Looked up while the draft is filled in, and so complete only then.
    const template: JobTemplate = fillDraft(draft, { entry: entry.entry, parameters, values: used }, lookup);
    return { ...entry, ...template, commandText: showWords(template.command) };
  } catch (error) {
    if (!(error instanceof FillError)) throw error;
    throw new Error(`${error.path.join('.')} of group '${draft.group}': ${error.message}`, { cause: error });
  }
}

/**
 * The job of an entry that was submitted with these parameters. Throws an Error that says what of it is not known, and
 * FillError.
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

/** The jobs of a submission with everything filled in. */
function* batchesOf(portions: readonly Portion[], passed: Row | null, values: Lookup): Generator<Batch> {
  let first = 0;
  for (const { entry, count } of portions) {
    const own = Object.entries(passed ?? {}).filter(([name]) => entry.draft?.sweep?.names.includes(name));
    const parameters =
      own.length === 0 ? entry.parameters : { ...entry.parameters, ...Object.fromEntries(own) };
    if (!entry.late && parameters === entry.parameters) {
      yield { entry, count, index: first };
    } else if (entry.draft?.names.has('index')) {
      for (let i = first; i < first + count; i++) {
        yield { entry: fillIn(entry, parameters, i, values), count: 1, index: i };
      }
    } else {
      yield { entry: fillIn(entry, parameters, first, values), count, index: first };
    }
    first += count;
  }
}

export async function submit(context: ActionContext, due: DueSubmit): Promise<void> {
  const { action, firing } = due;
  const group = context.config.groups.get(action.label);
  if (group === undefined) throw new ActionError(`no job group '${action.label}'`, firing.rule);
  const metrics = firing.metrics ?? (due.report === null ? await context.engine.metrics() : null);
  const values: Lookup = metrics === null ? () => '' : tagValues(firing, metrics);
  const meant = meantPortions(context, due, group);
  const batches = [...batchesOf(meant, passedParameters(due, values), values)];
  const jobs = batches.reduce((sum, { count }) => sum + count, 0);
  context.observer.action?.(
    { kind: 'submit', group: group.name, jobs, text: describePortions(batches) },
    firing,
  );
  if (due.report !== null) return checkReport(due, jobs);
  await submitAll(context, due, batches);
}

/** Submits one batch after the other; single jobs without waiting for each to be taken in. Throws what the first failure threw. */
async function submitAll(
  { member, signal }: ActionContext,
  { firing: { rule, number } }: DueSubmit,
  batches: readonly Batch[],
): Promise<void> {
  const left = batches.values();
  let failed = false;
  const send = async () => {
    for (const { entry, count, index } of left) {
      if (signal.aborted || failed) return;
      try {
        await member.submit(entry, count, { rule, firing: number, index, attempt: 0 });
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // Those that take more than one turn would get in each other's way.
  const atOnce = batches.every(({ count }) => count === 1) ? Math.min(MOST_UNDER_WAY, batches.length) : 1;
  const senders = Array.from({ length: atOnce }, send);
  await Promise.allSettled(senders);
  await Promise.all(senders);
}

/** Waits for what came of a submission that the engine's source makes by itself. Throws ActionError. */
async function checkReport({ action, firing, rule, report }: DueSubmit, jobs: number): Promise<void> {
  const outcome = await report;
  if (outcome === null || outcome.refused === 0) return;
  const rest = outcome.dropped === 0 ? '' : `, ${outcome.dropped} more were not tried`;
  throw new ActionError(
    `rule '${rule.title}' (rules[${firing.rule}]): ${outcome.refused} of ${counted(jobs, 'job')} of group '${action.label}' ` +
      `were refused: ${outcome.reason}${rest}`,
    firing.rule,
  );
}
