/** Which jobs an action is about: a group's, or the one whose event made the rule due. */

import { ActionError } from '../errors.js';
import type { ActionContext, ActionNamed, Due } from './context.js';

export async function jobsMeant(
  { engine }: ActionContext,
  { action, firing }: Due<ActionNamed<'cancel' | 'urgency'>>,
): Promise<{ readonly ids: Iterable<bigint>; readonly group: string }> {
  if (action.label !== null) {
    return { ids: await engine.activeJobs(engine.groups.indexOf(action.label)), group: action.label };
  }
  if (firing.job === null) {
    throw new ActionError(
      `${action.name} without a label acts on the job of the event, and there is none`,
      firing.rule,
    );
  }
  return { ids: [firing.job], group: firing.group ?? '' };
}
