/** What actions that ask the user's own code have in common: its time, what it is told, what it answers. */

import { ActionError } from '../errors.js';
import type { EndedBy } from '../model/ended-by.js';
import type { Firing } from '../model/firing.js';
import { type FollowUp, NoAction } from '../model/follow-up.js';
import type { AskingAction } from '../model/user-code.js';
import type { CustomEvent } from '../model/user-function.js';
import type { ActionContext, Due } from './context.js';

/** The run has come to its end. */
export class RunEnded extends Error {}

/** The work has taken too long. */
export class TimeoutError extends Error {
  constructor(seconds: number) {
    super(`did not answer within ${seconds} s`);
  }
}

/**
 * Settles as the work does, or rejects when its time is over or the run has come to its end; then `stop` is aborted
 * too, so that the work can be.
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

/** What went wrong with the user's code, as what a rule (or -1 for none) has to say. `whose` is the time that it had. */
export function failureOf(cause: unknown, where: string, rule: number, whose: string): ActionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof TimeoutError
    ? new ActionError(`${where} ${reason} (${whose} timeout)`, rule, { cause, code: 'ERR_CUSTOM_TIMEOUT' })
    : new ActionError(`${where} failed: ${reason}`, rule, { cause, code: 'ERR_CUSTOM' });
}

/** The event that made the rule due; null at start and heartbeats. */
export function eventOf(firing: Firing): CustomEvent | null {
  if (firing.event === null) return null;
  const { job, group, event, timestamp, context, parameters } = firing;
  return { id: job, group, name: event, timestamp, context, parameters };
}

/**
 * What the user's code asks for. `where` says whose code it is: `rule 'x' (rules[1]): custom function 'f'`. Throws
 * ActionError.
 */
export async function asked(
  { readAnswer }: ActionContext,
  { firing }: Due,
  where: string,
  ask: (stop: AbortController) => Promise<unknown>,
): Promise<FollowUp[]> {
  try {
    const answer = await ask(new AbortController());
    return readAnswer(answer, firing.job !== null);
  } catch (cause) {
    if (cause instanceof RunEnded) return [];
    if (!(cause instanceof NoAction)) throw failureOf(cause, where, firing.rule, "the action's");
    const message = `${where} returned something that is no action: ${cause.message}`;
    throw new ActionError(message, firing.rule, { cause, code: 'ERR_CUSTOM' });
  }
}

/** The user's code in words: `custom function 'next'`. */
export function describeAsking(action: AskingAction): string {
  switch (action.name) {
    case 'custom':
      return `custom function '${action.label}'`;
    case 'exec':
      return `exec '${action.commandText}'`;
    default:
      return action.name;
  }
}

/** The user's code as one that ends the run. */
export function codeOf({ firing, rule }: Pick<Due, 'firing' | 'rule'>, code: string): EndedBy {
  return { kind: 'code', rule: firing.rule, name: rule.title, code };
}

/** Who ends the run, when this action does. */
export function enderOf({ firing, rule, code }: Due): EndedBy {
  if (code !== null) return codeOf({ firing, rule }, code);
  if (firing.askedBy !== null) return { kind: 'request', askedBy: firing.askedBy };
  return { kind: 'rule', rule: firing.rule, name: rule.title };
}
