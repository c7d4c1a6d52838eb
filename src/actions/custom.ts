/** `custom`: a function of the user's own, which sees the metrics and says what to do next. */

import { fillValue, type Lookup } from '../language/template.js';
import type { EndedBy } from '../model/ended-by.js';
import type { FollowUp } from '../model/follow-up.js';
import type { CustomHandle } from '../model/user-function.js';
import { plain } from '../model/written.js';
import { customMetrics } from '../usercode/metrics.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import { tagValues } from './tag-values.js';
import { asked, codeOf, describeAsking, eventOf, withinTime } from './user-code.js';

/** What a function may do besides returning an action; `by` is the function as one that ends the run. */
export function customHandle(context: ActionContext, signal: AbortSignal, by: EndedBy): CustomHandle {
  const { engine, member } = context;
  return {
    member: member.name,
    signal,
    activeJobs: (group) => engine.activeJobs(group === undefined ? -1 : engine.groups.indexOf(group)),
    cancel: (ids) => member.cancel(ids, 'canceled by a custom function'),
    terminate: () => context.terminate(by),
  };
}

/** The value for the function, with its tags filled in. Throws what `lookup` throws. */
function filledValue({ value }: ActionNamed<'custom'>, lookup: Lookup): string | number | null {
  const filled = typeof value === 'string' ? plain(fillValue(value, lookup)) : value;
  return typeof filled === 'boolean' ? String(filled) : filled;
}

/** Calls the function of a custom action and returns what it asks for. Throws ActionError. */
export async function custom(context: ActionContext, due: Due<ActionNamed<'custom'>>): Promise<FollowUp[]> {
  const { rule, firing } = due;
  // A function that another function asked for has no firing of its own kind.
  const snapshot = firing.metrics ?? (await context.engine.metrics());
  const action = { ...due.action, value: filledValue(due.action, tagValues(firing, snapshot)) };
  context.observer.action?.({ kind: 'custom', label: action.label }, firing);
  const where = `rule '${rule.title}' (rules[${firing.rule}]): custom function '${action.label}'`;
  const metrics = customMetrics(snapshot);
  const event = eventOf(firing);
  return asked(context, due, where, (stop) => {
    const handle = customHandle(context, stop.signal, codeOf(due, describeAsking(action)));
    return context.customs.turn(() =>
      withinTime(
        () => context.customs.call(action.label, { metrics, event, rule, action, firing, handle }),
        action.timeout,
        stop,
        context.signal,
      ),
    );
  });
}
