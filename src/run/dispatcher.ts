/**
 * Performs the actions of firings, one after another in the order of the firings. Code of the user may take long, so it
 * runs beside the other actions.
 */

import { kindOf } from '../actions/catalog.js';
import type { ActionContext } from '../actions/context.js';
import { type ActionRequest, describeOrigin, endedBy, ruleIndex } from '../actions/request.js';
import { ActionError, EnsembleError } from '../errors.js';
import type { Action, ActionReport } from '../model/action.js';
import type { EndedBy } from '../model/ended-by.js';
import type { Rule } from '../model/ensemble.js';
import { eventOf, type Firing } from '../model/firing.js';
import type { TaskQueue } from './task-queue.js';

/** Actions that code of the user may return in a chain, one from the other. */
const MAX_DEPTH = 16;

/** Ends the run because an action failed whose rule says `onError: stop`. */
export type StopRun = (error: EnsembleError, by: EndedBy) => void;

export class Dispatcher {
  readonly #context: ActionContext;
  readonly #queue: TaskQueue;
  readonly #stop: StopRun;
  readonly #unperformed = new Map<number, number>();

  constructor(context: ActionContext, queue: TaskQueue, stop: StopRun) {
    this.#context = context;
    this.#queue = queue;
    this.#stop = stop;
  }

  /** For each rule, the number of its firings whose action did not begin before the run ended. */
  get unperformed(): ReadonlyMap<number, number> {
    return this.#unperformed;
  }

  /** Takes in a firing. Its action is performed after the actions before it. */
  push(firing: Firing, rule: Rule): void {
    if (this.#queue.stopped) return;
    const { number, state, metrics } = firing;
    this.#enqueue(
      {
        action: rule.action,
        origin: { kind: 'rule', rule, firing, code: null },
        number,
        event: eventOf(firing),
        state,
        metrics,
        // Requested now, because the result may be in the next message of the engine.
        submission: firing.submitting ? this.#context.engine.source.submission(number) : null,
        report: (report) => this.#context.observer.action?.(report, firing),
      },
      0,
    );
  }

  /**
   * Performs an external action at once, also while the queue is paused or long. `firing` is for observers. Resolves
   * with the report of the action. Throws what the action throws, which is also reported as a problem.
   */
  async act(action: Action, askedBy: string, firing: Firing): Promise<ActionReport | null> {
    const { observer } = this.#context;
    let reported: ActionReport | null = null;
    const request: ActionRequest = {
      action,
      origin: { kind: 'external', askedBy },
      number: firing.number,
      event: null,
      state: null,
      metrics: null,
      submission: null,
      report: (report) => {
        reported = report;
        observer.action?.(report, firing);
      },
    };
    observer.firing?.(firing);
    await this.#queue.beside(
      this.#perform(request, 0).catch((error: unknown) => {
        this.#failed(request, error);
        throw error;
      }),
    );
    return reported;
  }

  #enqueue(request: ActionRequest, depth: number): void {
    this.#queue.add(async () => {
      if (this.#queue.stopped) {
        if (depth === 0 && request.submission === null) this.#leave(ruleIndex(request));
        return;
      }
      if (depth === 0 && request.origin.kind === 'rule') {
        this.#context.observer.firing?.(request.origin.firing);
      }
      const performed = this.#perform(request, depth).catch((cause: unknown) => this.#failed(request, cause));
      if (kindOf(request.action).runsUserCode) void this.#queue.beside(performed);
      else await performed;
    });
  }

  #leave(rule: number): void {
    this.#unperformed.set(rule, (this.#unperformed.get(rule) ?? 0) + 1);
  }

  /** `depth` is the number of answers of user code that led to the request. */
  async #perform(request: ActionRequest, depth: number): Promise<void> {
    const { action, origin } = request;
    // For the action of a rule itself, the engine has gone to the state already.
    if (depth > 0 && action.goto !== null) {
      request.report({ kind: 'goto', state: action.goto });
      await this.#context.goTo(action.goto);
    }
    const kind = kindOf(action);
    if (!kind.runsUserCode) return kind.perform(this.#context, request);
    if (origin.kind === 'external') {
      throw new ActionError(`${action.name} runs code of the user and can't be requested from outside`, -1);
    }
    const code = kind.code(action);
    if (depth >= MAX_DEPTH) {
      const message = `code of the user returned code of the user ${MAX_DEPTH} times in a row, at last ${code}; is it a loop?`;
      throw new ActionError(message, origin.firing.rule, { code: 'ERR_CUSTOM' });
    }
    for (const followUp of await kind.perform(this.#context, { ...request, origin })) {
      if (this.#queue.stopped) return;
      if (followUp.kind === 'rule') {
        await this.#context.addRule(followUp.rule);
      } else {
        const returned = { action: followUp.action, origin: { ...origin, code }, submission: null };
        this.#enqueue({ ...request, ...returned }, depth + 1);
      }
    }
  }

  #failed(request: ActionRequest, cause: unknown): void {
    // The end of the run breaks actions off, which is not an error of theirs.
    if (this.#queue.stopped) return;
    const { action, origin } = request;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error =
      cause instanceof EnsembleError
        ? cause
        : new ActionError(
            `${describeOrigin(request)}: ${action.name} failed: ${reason}`,
            ruleIndex(request),
            { cause },
          );
    this.#context.observer.problem?.(error);
    const { onError } = origin.kind === 'rule' ? origin.rule.action : action;
    if (onError === 'stop') this.#stop(error, endedBy(request));
  }
}
