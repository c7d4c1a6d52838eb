/** `submit`: a whole group, or `value` jobs of it. */

import { escapeControls } from '../config/describe.js';
import { ActionError } from '../errors.js';
import { type Portion, portionsOf } from '../rules/portions.js';
import type { ActionContext, ActionNamed, Due } from './context.js';

/** A job entry on one line, in ensemble-python's form: `(name:sleep),(command:sleep 10),(count:5),(nodes:1)`. */
export function describePortion({ entry, count }: Portion): string {
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
    { kind: 'submit', group: group.name, jobs, text: portions.map(describePortion).join('\n') },
    firing,
  );
  if (due.report !== null) return checkReport(due, jobs);
  for (const { entry, count } of portions) {
    if (context.signal.aborted) return;
    await context.member.submit(entry, count, { rule: firing.rule, firing: firing.number });
  }
}

/** Waits for what came of a submission that the engine's source makes by itself. Throws ActionError. */
async function checkReport(
  { action, firing, rule, report }: Due<ActionNamed<'submit'>>,
  jobs: number,
): Promise<void> {
  const outcome = await report;
  if (outcome === null || outcome.refused === 0) return;
  const rest = outcome.dropped === 0 ? '' : `, ${outcome.dropped} more were not tried`;
  throw new ActionError(
    `rule '${rule.title}' (rules[${firing.rule}]): ${outcome.refused} of ${jobs} jobs of group '${action.label}' ` +
      `were refused: ${outcome.reason}${rest}`,
    firing.rule,
  );
}
