/** The jobs that an action acts on: those of a group, or the job whose event made the rule due. */

import { ActionError } from '../errors.js';
import { jobsOfTrigger } from '../language/triggers/catalog.js';
import type { ActionOf } from '../model/action.js';
import type { Rule } from '../model/ensemble.js';
import { escapeControls } from '../text/describe.js';
import type { ActionContext } from './context.js';
import type { ActionTarget } from './define.js';
import { type ActionRequest, ruleIndex } from './request.js';

type OnJobs = ActionOf<'cancel' | 'urgency'>;

/**
 * Ids of the active jobs with the name of their group. A rule for a value of a parameter acts on the jobs with it. Throws
 * ActionError.
 */
export async function targetJobs(
  { engine }: ActionContext,
  request: ActionRequest<OnJobs>,
): Promise<{ readonly ids: Iterable<bigint>; readonly group: string }> {
  const { action, event } = request;
  if (action.label !== null) {
    const group = engine.groups.indexOf(action.label);
    return { ids: await engine.activeJobs(group, request.by), group: action.label };
  }
  if (event === null) {
    const message = `${action.name} without a label acts on the job of an event, and the rule is due without one; add a label`;
    throw new ActionError(message, ruleIndex(request));
  }
  return { ids: [event.job], group: event.group ?? '' };
}

/** The target in words, for what an action would do. */
export function describeTarget({ label }: OnJobs): string {
  return label === null ? "the event's job" : escapeControls(label);
}

/** The group in a graph; for the job of an event, the group of the rule. */
export function targetGroup({ label }: OnJobs, { trigger }: Pick<Rule, 'trigger'>): ActionTarget {
  return { kind: 'group', group: label ?? jobsOfTrigger(trigger)?.group ?? null };
}
