/** `submit`: a whole job group, or `value` jobs of it. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SubmitReport } from '../../engine/addon.js';
import { ActionError } from '../../errors.js';
import { fillValue, type Lookup } from '../../language/template.js';
import { jobsOfTrigger } from '../../language/triggers/catalog.js';
import type { ActionOf } from '../../model/action.js';
import type { JobGroup } from '../../model/ensemble.js';
import type { Row } from '../../model/written.js';
import { RowError } from '../../rows/row-error.js';
import { counted } from '../../text/counted.js';
import { escapeControls, quote } from '../../text/describe.js';
import { choices, didYouMean } from '../../text/suggest.js';
import type { ActionContext } from '../context.js';
import { defineAction } from '../define.js';
import { countKey, groupKey, type KeyPlace, parametersKey } from '../keys.js';
import type { JobRange } from '../progress.js';
import { type ActionRequest, describeOrigin, ruleIndex } from '../request.js';
import { tagValues } from '../tag-values.js';
import type { DoneJobs } from './done-jobs.js';
import { fillIn } from './fill-in.js';
import { describePortions, type Portion, parametersOf, portionsOf } from './portions.js';
import { describeSearch } from './search-words.js';
import { selectJobs, submitsEventJob } from './select-jobs.js';
import { UnmadeJobs } from './unmade-jobs.js';

/** The types of the kind `submit`. */
export interface SubmitKind {
  readonly data: {
    /** The job group. */
    readonly label: string;
    /** Jobs to submit, null for the whole group. */
    readonly value: number | null;
    /**
     * Values in place of the group's own, which may hold tags; `same` for those of the event's job. Null where the key is
     * absent.
     */
    readonly parameters: Row | 'same' | null;
  };
  /**
   * `jobs` is null where the number of a file's rows is unknown before they are read. `text` shows the jobs, a line for
   * each entry.
   */
  readonly report: { readonly group: string; readonly jobs: number | null; readonly text: string };
}

declare module '../../model/action.js' {
  interface ActionKinds {
    submit: SubmitKind;
  }
}

type Submit = ActionOf<'submit'>;
type SubmitRequest = ActionRequest<Submit>;

/** Submissions of one action that wait for the member at the same time, where each is of a job of its own. */
const MAX_PENDING = 64;

export const submit = defineAction({
  name: 'submit',
  description: 'Submits the group `label`, or `value` jobs of it, with `parameters` in place of its own.',
  keys: {
    label: groupKey,
    value: countKey('How many jobs; the whole group when absent'),
    parameters: parametersKey,
  },
  resolve: ({ label, value, parameters }, at) => ({
    ...{ label, value },
    parameters: resolveParameters(label, parameters, at('parameters')),
  }),
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  quiet: false,
  external: true,
  wantsEvent: ({ label, parameters }, groups) =>
    parameters !== null || groups.get(label)?.entries.some(({ late }) => late) === true,
  target: ({ label }) => ({ kind: 'group', group: label }),
  words: {
    planned: (action, rule, { groups }) => {
      const { label, value, parameters } = action;
      const group = groups.get(label);
      const jobs = describeJobs(group, value);
      const passed = wordsOf(parameters);
      const others = passed.length === 0 ? '' : ` with ${escapeControls(passed.join(', '))}`;
      const again = submitsEventJob(action, rule, jobsOfTrigger(rule.trigger)?.group ?? null)
        ? ` (the event's job again${others})`
        : null;
      return `submit ${escapeControls(label)}${again ?? `${others} ${jobs}`}`;
    },
    drawn: ({ value, parameters }) => {
      const passed = wordsOf(parameters);
      return ['submit', ...(value === null ? [] : [String(value)]), ...passed].join(' ');
    },
    line: ({ group, text }) => ({ what: `submit ${group}`, jobs: text }),
    done: ({ group, jobs, text }) =>
      jobs === 0 && text !== ''
        ? `began ${text}, of ${group}`
        : `submitted ${jobs === null ? 'the jobs' : counted(jobs, 'job')} of ${group}`,
  },
  perform: async (context, request) => {
    const { action, submission } = request;
    const group = context.config.groups.get(action.label);
    if (group === undefined) throw new ActionError(`unknown job group '${action.label}'`, ruleIndex(request));
    if (group.ask !== null && !isEventJob(request, group.name))
      return context.searches.submit(request, group);
    const metrics = request.metrics ?? (submission === null ? await context.engine.metrics() : null);
    const values: Lookup = metrics === null ? () => '' : tagValues(request, metrics);
    for (const { draft } of group.entries) {
      if (draft?.sweep?.kind === 'file') await request.progress.reads(draft.sweep.file.path);
    }
    const passed = passedParameters(action, values);
    const done = await doneJobsOf(context, group);
    const isDone =
      done === null
        ? null
        : ({ entry }: Portion) => entry.skipsDone && done.has(entry, parametersOf(entry, passed));
    const selected = await selectJobs(request, group, isDone);
    const part = request.progress.part();
    const known = await request.progress.submitted(part);
    let skipped = 0;
    let onSkipped = (_count: number) => {};
    const isLeft = (batch: Batch) => {
      if (isDone?.(batch) !== true) return true;
      skipped += batch.count;
      onSkipped(batch.count);
      return false;
    };
    const jobsOf = (portions: Iterable<Portion>) =>
      filledIn(filter(restOf(numbered(portions), known), isLeft), passed, values);
    const reportSkipped = () => {
      if (skipped > 0) context.skipped(group.name, skipped);
    };
    if (selected.streamed) {
      const { shown, jobs, portions } = selected;
      if (known.length === 0)
        request.report({ kind: 'submit', group: group.name, jobs, text: describePortions(shown) });
      // Actions after this one do not wait for all the rows.
      request.held();
      const before = known.reduce((sum, { begin, end }) => sum + end - begin, 0);
      const unmade = new UnmadeJobs(context.engine, group.name, jobs === null ? null : jobs - before);
      onSkipped = (count) => unmade.made(count);
      return submitRows(context, request, part, jobsOf(portions), unmade).finally(reportSkipped);
    }
    const batches = [...jobsOf(selected.portions)];
    reportSkipped();
    // All jobs were submitted before the run was resumed, which was reported then.
    if (batches.length === 0 && known.length > 0) return;
    const jobs = batches.reduce((sum, { count }) => sum + count, 0);
    request.report({ kind: 'submit', group: group.name, jobs, text: describePortions(batches) });
    if (submission === null) return submitAll(context, request, part, batches);
    void context.noticeHeld(request.held);
    checkSubmission(request, await submission, jobs);
  },
});

/** The parameters that an action passes, for users. */
function wordsOf(parameters: Submit['parameters']): string[] {
  if (parameters === 'same') return ["the parameters of the event's job"];
  return Object.entries(parameters ?? {}).map(([name, given]) => `${name}=${given}`);
}

/** The jobs of a group, or its search, as they are planned. */
function describeJobs(group: JobGroup | undefined, value: number | null): string {
  if (group === undefined) return '';
  const { name, ask } = group;
  return ask === null ? describePortions(portionsOf(group, value)) : describeSearch({ name, ask }, value);
}

/** Whether the job of the event is submitted again. */
function isEventJob({ action, event, origin }: SubmitRequest, group: string): boolean {
  return origin.kind === 'rule' && event?.group === group && submitsEventJob(action, origin.rule, group);
}

/** Checks the parameters that an action passes to its group. */
function resolveParameters(
  label: string,
  values: Readonly<Record<string, string | number | boolean | bigint>> | 'same' | null,
  place: KeyPlace,
): Row | 'same' | null {
  if (values === null) return null;
  if (values === 'same') {
    if (!place.onJob) place.error("'same' is for rules on events of jobs (job-...)");
    return values;
  }
  const { complete, parameters } = place.names;
  const known = [...(parameters.get(label) ?? [])];
  for (const [name, value] of Object.entries(values)) {
    if (!known.includes(name) && complete) {
      const hint =
        didYouMean(name, known) ||
        (known.length === 0 ? '; it has no parameters' : `; it has ${choices(known, 'and')}`);
      place.error(`group ${quote(label)} has no parameter ${quote(name)}${hint}`, [name], 'key');
    }
    place.checkTags(value, [name]);
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, place.asWritten(value, [name])]),
  );
}

/** The values that the action passes, with their tags filled in. */
function passedParameters({ parameters }: Submit, lookup: Lookup): Row | null {
  if (parameters === null || parameters === 'same') return null;
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? fillValue(value, lookup) : value,
    ]),
  );
}

/** Equal jobs of one entry. */
interface Batch extends Portion {
  /** Number of the first one among the jobs of the request. */
  readonly index: number;
}

function* numbered(portions: Iterable<Portion>): Generator<Batch, void, void> {
  let index = 0;
  for (const { entry, count } of portions) {
    yield { entry, count, index };
    index += count;
  }
}

/** The jobs that are not known. `known` is ascending. */
function* restOf(batches: Iterable<Batch>, known: readonly JobRange[]): Generator<Batch, void, void> {
  /** The first range that does not end before the batch. */
  let first = 0;
  for (const { entry, count, index } of batches) {
    while (first < known.length && (known[first] as JobRange).end <= index) first++;
    let next = index;
    for (let i = first; i < known.length && (known[i] as JobRange).begin < index + count; i++) {
      const { begin, end } = known[i] as JobRange;
      if (begin > next) yield { entry, count: begin - next, index: next };
      next = Math.max(next, end);
    }
    if (next < index + count) yield { entry, count: index + count - next, index: next };
  }
}

function* filter<T>(items: Iterable<T>, holds: (item: T) => boolean): Generator<T, void, void> {
  for (const item of items) if (holds(item)) yield item;
}

/** The jobs that earlier submissions have done; null where the group submits all. */
async function doneJobsOf(context: ActionContext, { entries }: JobGroup): Promise<DoneJobs | null> {
  const skipping = entries.filter(({ skipsDone }) => skipsDone);
  return skipping.length === 0 ? null : context.doneJobs(skipping);
}

/** The jobs with all tags filled in. */
function* filledIn(
  batches: Iterable<Batch>,
  passed: Row | null,
  values: Lookup,
): Generator<Batch, void, void> {
  for (const batch of batches) {
    const { entry, count, index } = batch;
    const parameters = parametersOf(entry, passed);
    if (!entry.late && parameters === entry.parameters) {
      yield batch;
    } else if (entry.draft?.names.has('index')) {
      for (let i = index; i < index + count; i++) {
        yield { entry: fillIn(entry, parameters, i, values), count: 1, index: i };
      }
    } else {
      yield { entry: fillIn(entry, parameters, index, values), count, index };
    }
  }
}

/** Submits one batch after the other, but single jobs several at a time. Throws what the first failure threw. */
async function submitAll(
  context: ActionContext,
  request: SubmitRequest,
  part: number,
  batches: readonly Batch[],
): Promise<void> {
  // Batches of several jobs take several turns of the event loop, and would hold each other up.
  const atOnce = batches.every(({ count }) => count === 1) ? Math.min(MAX_PENDING, batches.length) : 1;
  await send(context, request, part, batches.values(), atOnce);
}

/**
 * Submits jobs while they are made. Ends early with the run, with a cancellation of the group, and when a limit lets no
 * more jobs leave. Throws ActionError for a mistake in a file of rows, and what the first failure threw.
 */
async function submitRows(
  context: ActionContext,
  request: SubmitRequest,
  part: number,
  batches: Generator<Batch, void, void>,
  unmade: UnmadeJobs,
): Promise<void> {
  try {
    await send(context, request, part, batches, MAX_PENDING, unmade);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    const what = `${describeOrigin(request)}: jobs of group '${request.action.label}'`;
    const message = `${what} were submitted up to a mistake in their file: ${error.message}`;
    throw new ActionError(message, ruleIndex(request), { cause: error });
  } finally {
    batches.return();
    unmade.end();
  }
}

/** With `unmade`, jobs are made as they are sent, and a submission that was dropped ends those after it. */
function send(
  { submit, signal, paused, submissions, together }: ActionContext,
  request: SubmitRequest,
  part: number,
  left: Iterator<Batch>,
  atOnce: number,
  unmade: UnmadeJobs | null = null,
): Promise<void> {
  const isStream = unmade !== null;
  const origin = { rule: ruleIndex(request), firing: request.number, part, attempt: 0 };
  let isOver = false;
  let sent = 0;
  return submissions.during(request.action.label, async (ended, wants) => {
    const sendSome = async () => {
      try {
        for (;;) {
          // Other work gets its turn, also where no job has to wait.
          if (isStream && ++sent % atOnce === 0) await nextTurn();
          for (let pause = paused(); isStream && pause !== null; pause = paused()) await pause;
          if (signal.aborted || isOver || ended()) return;
          const { value, done } = left.next();
          if (done === true) return;
          const { entry, count, index } = value;
          unmade?.made(count);
          if (!wants(entry.parameters)) continue;
          const accepted = await submit(entry, count, { ...origin, index }, request.held);
          if (isStream && accepted < count && wants(entry.parameters)) isOver = true;
        }
      } catch (error) {
        isOver = true;
        throw error;
      }
    };
    await together(Array.from({ length: atOnce }, () => sendSome));
  });
}

/** Throws ActionError when jobs that the engine's source submitted by itself were refused. */
function checkSubmission(request: SubmitRequest, outcome: SubmitReport, jobs: number): void {
  if (outcome.refused === 0) return;
  const rest = outcome.dropped === 0 ? '' : `, ${outcome.dropped} more were not tried`;
  throw new ActionError(
    `${describeOrigin(request)}: ${outcome.refused} of ${counted(jobs, 'job')} of group '${request.action.label}' ` +
      `were refused: ${outcome.reason}${rest}`,
    ruleIndex(request),
  );
}
