/** The jobs that a submission takes, before their tags are filled in. */

import { jobsOfTrigger } from '../../language/triggers/catalog.js';
import type { ActionOf } from '../../model/action.js';
import type { JobGroup, Rule } from '../../model/ensemble.js';
import { plain, type Row, rowOf } from '../../model/written.js';
import type { ActionRequest } from '../request.js';
import { type Portion, portionsOf } from './portions.js';

type Submit = ActionOf<'submit'>;

/** Whether a rule submits the job of its event again: it passes parameters to the group whose jobs make it due. */
export function submitsEventJob(
  { parameters, label }: Submit,
  { trigger }: Pick<Rule, 'trigger'>,
  group: string | null,
): boolean {
  return parameters !== null && jobsOfTrigger(trigger) !== null && group === label;
}

/** The jobs of a request. Throws Error when the job of the event is unknown. */
export async function selectJobs(
  {
    action,
    event,
    origin,
    progress,
  }: Pick<ActionRequest<Submit>, 'action' | 'event' | 'origin' | 'progress'>,
  group: JobGroup,
): Promise<Portion[]> {
  if (origin.kind === 'rule' && event !== null && submitsEventJob(action, origin.rule, event.group)) {
    const entry = group.entries[event.entry ?? -1];
    if (entry === undefined || event.parameters === null) {
      throw new Error("its jobspec does not say which of the group's jobs the job is");
    }
    const parameters = rowOf(event.parameters, event.origin?.texts ?? {});
    // The job's values may have been passed to it, and differ from those of its entry then.
    const late = entry.draft !== null;
    return [{ entry: { ...entry, parameters, late }, count: action.value ?? 1 }];
  }
  const isSwept = group.entries.some(({ draft }) => draft?.sweep);
  if (isSwept && action.value !== null) return progress.take(group, action.value);
  const portions = portionsOf(group, action.value);
  return action.parameters === null ? portions : withoutTwins(portions, action.parameters);
}

/** Rows that differ only in the values that are passed become one. */
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
