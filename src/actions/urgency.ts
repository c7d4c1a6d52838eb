/** `urgency`: that of a group's pending jobs; 0 holds them. */

import { ActionError } from '../errors.js';
import type { ActionContext, ActionNamed, Due } from './context.js';

export async function urgency(context: ActionContext, due: Due<ActionNamed<'urgency'>>): Promise<void> {
  const { action, firing } = due;
  const { member } = context;
  if (member.setUrgency === undefined) {
    throw new ActionError(`the ${member.name} member can't change a job's urgency`, firing.rule);
  }
  const index = context.engine.groups.indexOf(action.label);
  const jobs = await member.setUrgency(await context.engine.activeJobs(index), action.value);
  context.observer.action?.({ kind: 'urgency', group: action.label, value: action.value, jobs }, firing);
}
