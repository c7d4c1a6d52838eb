/** Calls of the user's code: their time, their arguments, and their answers. */

import { ActionError } from '../errors.js';
import type { EndedBy } from '../model/ended-by.js';
import type { FiringEvent } from '../model/firing.js';
import { type FollowUp, InvalidAnswer } from '../model/follow-up.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { CustomEvent, CustomHandle } from '../model/user-function.js';
import { describeFaults } from '../text/result.js';
import type { ActionContext } from './context.js';
import { type ActionRequest, describeOrigin, endedByCode, type RuleRequest } from './request.js';

/** The run has come to its end. */
export class RunEnded extends Error {}

/** The work has taken too long. */
export class TimeoutError extends Error {
  constructor(seconds: number) {
    super(`did not answer within ${seconds} s`);
  }
}

/**
 * Settles as the work does, or rejects when its time is over or the run has come to its end. Then `stop` is aborted too,
 * which stops the work.
 */
export async function withinTime<T>(
  work: () => Promise<T>,
  seconds: number,
  stop: AbortController,
  run: AbortSignal,
): Promise<T> {
  if (run.aborted) throw new RunEnded();
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
    return await Promise.race([work(), over]);
  } finally {
    clearTimeout(timer);
    run.removeEventListener('abort', onEnd);
  }
}

/**
 * The error of the user's code. `rule` is -1 for code that no rule called, and `whose` says whose timeout it was:
 * `the action's`.
 */
export function failureOf(cause: unknown, where: string, rule: number, whose: string): ActionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof TimeoutError
    ? new ActionError(`${where} ${reason} (${whose} timeout)`, rule, { cause, code: 'ERR_CUSTOM_TIMEOUT' })
    : new ActionError(`${where} failed: ${reason}`, rule, { cause, code: 'ERR_CUSTOM' });
}

/** The event as the user's code gets it; null without one. */
export function customEvent(event: FiringEvent | null): CustomEvent | null {
  if (event === null) return null;
  const { job: id, group, name, timestamp, context, parameters } = event;
  return { id, group, name, timestamp, context, parameters };
}

/** The metrics of a request, or those of now: an action that a function returned may have none of its own. */
export async function metricsOf(
  { engine }: ActionContext,
  { metrics }: Pick<ActionRequest, 'metrics'>,
): Promise<MetricsSnapshot> {
  return metrics ?? (await engine.metrics());
}

/** The running ensemble for a function; `by` is the function as the cause of the run's end. */
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

/** A call of the user's code on behalf of a rule. */
export interface CodeCall {
  /** The code in words: `custom function 'next'`. */
  readonly code: string;
  /** Seconds that it may take. */
  readonly timeout: number;
  /**
   * Resolves with the answer. `stop` is aborted when the time is over. `attempt` is the number of earlier calls that had
   * no answer when the process of the run ended.
   */
  readonly work: (stop: AbortController, handle: CustomHandle, attempt: number) => Promise<unknown>;
  /** Waits until the work may begin; its time begins then. */
  readonly turn?: (work: () => Promise<unknown>) => Promise<unknown>;
}

/** Calls the user's code and returns what it asks for. Throws ActionError. */
export async function callCode(
  context: ActionContext,
  request: RuleRequest,
  { code, timeout, work, turn = (work) => work() }: CodeCall,
): Promise<FollowUp[]> {
  const { origin, event, progress } = request;
  const where = `${describeOrigin(request)}: ${code}`;
  const rule = origin.firing.rule;
  try {
    const stop = new AbortController();
    const handle = customHandle(context, stop.signal, endedByCode(origin, code));
    const answer = await turn(async () => {
      if (context.signal.aborted) throw new RunEnded();
      const attempt = await progress.begin();
      return withinTime(() => work(stop, handle, attempt), timeout, stop, context.signal);
    });
    const followUps = context.readAnswer(answer, event !== null);
    if (!followUps.ok) throw new InvalidAnswer(describeFaults(followUps));
    await progress.answered(answer ?? null);
    return followUps.value;
  } catch (cause) {
    if (cause instanceof RunEnded) return [];
    if (!(cause instanceof InvalidAnswer)) throw failureOf(cause, where, rule, "the action's");
    throw new ActionError(`${where} returned an invalid action: ${cause.message}`, rule, {
      cause,
      code: 'ERR_CUSTOM',
    });
  }
}
