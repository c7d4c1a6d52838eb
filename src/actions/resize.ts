/** `grow` and `shrink`: the size of what the jobs run on. */

import { ActionError } from '../errors.js';
import type { ActionContext, ActionNamed, Due } from './context.js';

export async function resize(
  context: ActionContext,
  due: Due<ActionNamed<'grow' | 'shrink'>>,
): Promise<void> {
  const { action, firing } = due;
  const { member } = context;
  if (member.resize === undefined) {
    throw new ActionError(`the ${member.name} member can't ${action.name}`, firing.rule);
  }
  const outcome = await member.resize(action.name === 'grow' ? action.value : -action.value, context.signal);
  context.observer.action?.({ kind: action.name, value: action.value, ...outcome }, firing);
}
