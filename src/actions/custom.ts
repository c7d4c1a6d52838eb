/** `custom`: a function of the user's own, which sees the metrics and says what to do next. */

import { ActionError, EnsembleError } from '../errors.js';
import type { MetricsSnapshot } from '../metrics/metrics.js';
import { metricValue } from '../metrics/metrics.js';
import { parseMetricName } from '../rules/metric-name.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import type { CustomEvent, CustomHandle, CustomMetrics } from './custom-types.js';
import { type FollowUp, readFollowUps } from './follow-up.js';

function customMetrics(snapshot: MetricsSnapshot): CustomMetrics {
  const groups = new Set(snapshot.groups.keys());
  return {
    ...snapshot,
    get: (name) => {
      const parsed = parseMetricName(name, groups);
      if (!parsed.ok) throw new EnsembleError('ERR_CUSTOM', parsed.messages.join('; '));
      return metricValue(snapshot, parsed.value);
    },
  };
}

function customHandle(context: ActionContext, signal: AbortSignal): CustomHandle {
  const { engine, member } = context;
  return {
    member: member.name,
    signal,
    activeJobs: (group) => engine.activeJobs(group === undefined ? -1 : engine.groups.indexOf(group)),
    cancel: (ids) => member.cancel(ids, 'canceled by a custom function'),
    terminate: () => context.terminate(),
  };
}

/** Settles as `work` does, or rejects when the time is over or the run has come to its end. */
async function withinTime<T>(
  work: Promise<T>,
  seconds: number,
  stop: AbortController,
  run: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const onEnd = () => stop.abort();
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeoutError(seconds));
      stop.abort();
    }, seconds * 1000);
    run.addEventListener('abort', onEnd);
    stop.signal.addEventListener('abort', () => reject(new RunEnded()));
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    run.removeEventListener('abort', onEnd);
  }
}

class RunEnded extends Error {}

class TimeoutError extends Error {
  constructor(seconds: number) {
    super(`did not answer within ${seconds} s (the action's timeout)`);
  }
}

/** Calls the function of a custom action and returns what it asks for. Throws ActionError. */
export async function custom(context: ActionContext, due: Due<ActionNamed<'custom'>>): Promise<FollowUp[]> {
  const { action, rule, firing } = due;
  context.observer.action?.({ kind: 'custom', label: action.label }, firing);
  const callee = context.customs.functions.get(action.label);
  const where = `rule '${rule.title}' (rules[${firing.rule}]): custom function '${action.label}'`;
  if (callee === undefined) {
    throw new ActionError(`${where} is not defined`, firing.rule, { code: 'ERR_CUSTOM' });
  }
  // A function that another function asked for has no firing of its own kind.
  const metrics = customMetrics(firing.metrics ?? (await context.engine.metrics()));
  const stop = new AbortController();
  const event: CustomEvent | null =
    firing.event === null
      ? null
      : {
          id: firing.job,
          group: firing.group,
          name: firing.event,
          timestamp: firing.timestamp,
          context: firing.context,
        };
  let answer: unknown;
  try {
    const handle = customHandle(context, stop.signal);
    answer = await context.customs.turn(() => {
      if (context.signal.aborted) throw new RunEnded();
      // In a promise's executor, so that a throw and a rejection are one.
      const work = new Promise((resolve) => {
        resolve(callee({ metrics, event, rule, action, firing, handle }));
      });
      return withinTime(work, action.timeout, stop, context.signal);
    });
  } catch (cause) {
    if (cause instanceof RunEnded) return [];
    const timedOut = cause instanceof TimeoutError;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ActionError(`${where} ${timedOut ? reason : `failed: ${reason}`}`, firing.rule, {
      cause,
      code: timedOut ? 'ERR_CUSTOM_TIMEOUT' : 'ERR_CUSTOM',
    });
  }
  const followUps = readFollowUps(answer, context.config);
  if (typeof followUps === 'string') {
    throw new ActionError(`${where} returned something that is no action: ${followUps}`, firing.rule, {
      code: 'ERR_CUSTOM',
    });
  }
  return followUps;
}
