/** `cancel`: the active jobs of a group, or the job of the event. */

import type { ActionContext, ActionNamed, Due } from './context.js';
import { jobsMeant } from './jobs-meant.js';

export async function cancel(context: ActionContext, due: Due<ActionNamed<'cancel'>>): Promise<void> {
  const { firing } = due;
  const { ids, group } = await jobsMeant(context, due);
  const jobs = await context.member.cancel(
    ids,
    firing.askedBy === null ? `canceled by rule '${firing.name}'` : firing.name,
  );
  context.observer.action?.({ kind: 'cancel', group, jobs }, firing);
}
