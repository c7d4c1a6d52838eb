/** `cancel`: the active jobs of a group. */

import type { ActionContext, ActionNamed, Due } from './context.js';

export async function cancel(context: ActionContext, due: Due<ActionNamed<'cancel'>>): Promise<void> {
  const { action, firing } = due;
  const index = context.engine.groups.indexOf(action.label);
  const ids = await context.engine.activeJobs(index);
  const jobs = await context.member.cancel(
    ids,
    firing.askedBy === null ? `canceled by rule '${firing.name}'` : firing.name,
  );
  context.observer.action?.({ kind: 'cancel', group: action.label, jobs }, firing);
}
