/** The jobs that a submission takes, before their tags are filled in. */

import { jobsOfTrigger } from '../../language/triggers/catalog.js';
import type { ActionOf } from '../../model/action.js';
import type { JobGroup, Rule } from '../../model/ensemble.js';
import { plain, type Row, rowOf as rowFrom } from '../../model/written.js';
import { firstTable } from '../../rows/tables.js';
import type { ActionRequest } from '../request.js';
import { type Portion, parametersOf, portionsOf } from './portions.js';
import { rowOf } from './sweep-cursor.js';

type Submit = ActionOf<'submit'>;

/** Whether a rule submits the job of its event again: it passes parameters to the group whose jobs make it due. */
export function submitsEventJob(
  { parameters, label }: Submit,
  { trigger }: Pick<Rule, 'trigger'>,
  group: string | null,
): boolean {
  return parameters !== null && jobsOfTrigger(trigger) !== null && group === label;
}

/** The jobs of a submission. */
export type Selection =
  | { readonly streamed: false; readonly portions: readonly Portion[] }
  /** Jobs that are made as they are taken, which throws RowError. */
  | {
      readonly streamed: true;
      readonly portions: Iterable<Portion>;
      /** The entries that they are made of, for users. */
      readonly shown: readonly Portion[];
      /** Null where it is unknown before they are made. */
      readonly jobs: number | null;
    };

/**
 * Selects the jobs of a request. `isDone` says which jobs do not count for its `value`; null for none. Throws Error when the job of the event is unknown, and RowError.
 */
export async function selectJobs(
  {
    action,
    event,
    origin,
    progress,
  }: Pick<ActionRequest<Submit>, 'action' | 'event' | 'origin' | 'progress'>,
  group: JobGroup,
  isDone: ((portion: Portion) => boolean) | null,
): Promise<Selection> {
  if (origin.kind === 'rule' && event !== null && submitsEventJob(action, origin.rule, event.group)) {
    const entry = group.entries[event.entry ?? -1];
    if (entry === undefined || event.parameters === null) {
      throw new Error("its jobspec does not say which of the group's jobs the job is");
    }
    const parameters = rowFrom(event.parameters, event.origin?.texts ?? {});
    // The job's values may have been passed to it, and differ from those of its entry then.
    const late = entry.draft !== null;
    const portion = {
      entry: { ...entry, parameters, late, streamed: false, skipsDone: false },
      count: action.value ?? 1,
    };
    return { streamed: false, portions: [portion] };
  }
  if (action.parameters === 'same') return { streamed: false, portions: likeTheEvents(action, event, group) };
  const { entries, count } = group;
  const isSwept = entries.some(({ draft }) => draft?.sweep);
  const isStreamed = entries.some(({ streamed }) => streamed);
  const { value, parameters } = action;
  if (isSwept && value !== null) {
    const portions = await progress.take(group, value, isDone);
    if (!isStreamed) return { streamed: false, portions: [...portions] };
    return { streamed: true, portions, shown: portionsOf(group, value), jobs: value };
  }
  const all = portionsOf(group, value);
  if (isStreamed) {
    const rows = eachRow(all);
    const portions = parameters === null ? rows : withoutTwins(rows, parameters);
    return { streamed: true, portions, shown: all, jobs: parameters === null ? count : null };
  }
  return { streamed: false, portions: parameters === null ? all : [...withoutTwins(all, parameters)] };
}

/** The jobs of a group with the parameters of the event's job. Throws Error when these are unknown. */
function likeTheEvents(
  { value }: Submit,
  event: ActionRequest<Submit>['event'],
  { entries }: JobGroup,
): Portion[] {
  if (event?.parameters === null || event?.parameters === undefined) {
    throw new Error('the jobspec of the job does not say what its parameters are');
  }
  const row = rowFrom(event.parameters, event.origin?.texts ?? {});
  const drafts = new Set<unknown>();
  return entries.flatMap((entry) => {
    const { draft } = entry;
    // Rows of one sweep differ only in their parameters.
    if (draft !== null && drafts.has(draft)) return [];
    drafts.add(draft);
    const like = { ...entry, parameters: parametersOf(entry, row), late: draft !== null, streamed: false };
    return [{ entry: like, count: value ?? entry.count }];
  });
}

/** The jobs of portions, row by row. Taking them throws RowError. */
export function* eachRow(portions: Iterable<Portion>): Generator<Portion, void, void> {
  for (const portion of portions) {
    const { entry, count } = portion;
    if (!entry.streamed || !entry.draft?.sweep) yield portion;
    else for (const row of firstTable(entry.draft.sweep)) yield { entry: rowOf(entry, row), count };
  }
}

/** Rows that differ only in the values that are passed become one. */
function* withoutTwins(portions: Iterable<Portion>, passed: Row): Generator<Portion, void, void> {
  const seen = new Map<unknown, Set<string>>();
  for (const portion of portions) {
    const { entry } = portion;
    const rows = seen.get(entry.draft ?? entry) ?? new Set();
    seen.set(entry.draft ?? entry, rows);
    const row = JSON.stringify(
      Object.entries(entry.parameters)
        .filter(([name]) => !Object.hasOwn(passed, name))
        .map(([name, value]) => [name, plain(value), String(value)]),
    );
    if (rows.has(row)) continue;
    rows.add(row);
    yield portion;
  }
}
