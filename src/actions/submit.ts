/** `submit`: a whole group, or `value` jobs of it. */

import { escapeControls } from '../config/describe.js';
import type { JobEntry, JobGroup } from '../config/types.js';
import { ActionError } from '../errors.js';
import type { ActionContext, ActionNamed, Due } from './context.js';

interface Portion {
  readonly entry: JobEntry;
  readonly count: number;
}

/**
 * What to submit for `value` jobs of a group (null: all of it): the entries in their order, each with its count,
 * from the first again when the group has fewer jobs than were asked for.
 */
export function portionsOf(group: JobGroup, value: number | null): Portion[] {
  if (value === null) return group.entries.map((entry) => ({ entry, count: entry.count }));
  if (group.count === 0) return [];
  const rounds = Math.floor(value / group.count);
  let rest = value % group.count;
  const portions: Portion[] = [];
  for (const entry of group.entries) {
    const extra = Math.min(rest, entry.count);
    rest -= extra;
    portions.push({ entry, count: rounds * entry.count + extra });
  }
  return portions.filter(({ count }) => count > 0);
}

/** A job entry on one line, in ensemble-python's form: `(name:sleep),(command:sleep 10),(count:5),(nodes:1)`. */
function describe({ entry, count }: Portion): string {
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

export async function submit(context: ActionContext, due: Due<ActionNamed<'submit'>>): Promise<void> {
  const { action, firing } = due;
  const group = context.config.groups.get(action.label);
  if (group === undefined) throw new ActionError(`no job group '${action.label}'`, firing.rule);
  const portions = portionsOf(group, action.value);
  const jobs = portions.reduce((sum, { count }) => sum + count, 0);
  context.observer.action?.(
    { kind: 'submit', group: group.name, jobs, text: portions.map(describe).join('\n') },
    firing,
  );
  for (const { entry, count } of portions) {
    if (context.signal.aborted) return;
    await context.member.submit(entry, count, { rule: firing.rule, firing: firing.number });
  }
}
