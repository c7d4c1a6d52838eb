/** `urgency`: that of a group's pending jobs, or of the job of the event; 0 holds them. */

import { ActionError } from '../errors.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import { jobsMeant } from './jobs-meant.js';

export async function urgency(context: ActionContext, due: Due<ActionNamed<'urgency'>>): Promise<void> {
  const { action, firing } = due;
  const { member } = context;
  if (member.setUrgency === undefined) {
    throw new ActionError(`the ${member.name} member can't change a job's urgency`, firing.rule);
  }
  const { ids, group } = await jobsMeant(context, due);
  const jobs = await member.setUrgency(ids, action.value);
  context.observer.action?.({ kind: 'urgency', group, value: action.value, jobs }, firing);
}
