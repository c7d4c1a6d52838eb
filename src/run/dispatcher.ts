/**
 * Runs the actions of firings: one after another in the order of the firings, but for the user's own code, which
 * may take its time and so runs beside the others.
 */

import { cancel } from '../actions/cancel.js';
import type { ActionContext, ActionReport, Due } from '../actions/context.js';
import { custom } from '../actions/custom.js';
import { exec } from '../actions/exec.js';
import { callPlugin } from '../actions/plugin.js';
import { resize } from '../actions/resize.js';
import { submit } from '../actions/submit.js';
import { urgency } from '../actions/urgency.js';
import { describeAsking, enderOf } from '../actions/user-code.js';
import { ActionError, EnsembleError } from '../errors.js';
import type { EndedBy } from '../model/ended-by.js';
import type { Action, Rule } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';
import type { FollowUp } from '../model/follow-up.js';
import type { Retry } from '../model/retry.js';
import { type AskingAction, asksUserCode } from '../model/user-code.js';
import { callProbe, type ProbeRule } from './probes.js';
import { submitAgain } from './retries.js';

/** A custom function may ask for another, but not for ever. */
const DEEPEST_CUSTOM = 16;

export interface DispatcherEvents {
  /** The last action that was under way has ended. */
  idle(): void;
  /** An action failed whose rule says `onError: stop`. */
  stop(error: EnsembleError, by: EndedBy): void;
}

export class Dispatcher {
  readonly #context: ActionContext;
  readonly #events: DispatcherEvents;
  #line: Promise<void> = Promise.resolve();
  /** Probes, one after another: so their numbers come in the order of the jobs. */
  #probes: Promise<void> = Promise.resolve();
  readonly #hurry = new AbortController();
  #underWay = 0;
  /** While paused: what the line waits for, and what ends that. */
  #paused: { over: Promise<void>; end(): void } | null = null;
  #stopped = false;
  readonly #unperformed = new Map<number, number>();

  constructor(context: ActionContext, events: DispatcherEvents) {
    this.#context = context;
    this.#events = events;
  }

  /** No action is under way or waiting. */
  get idle(): boolean {
    return this.#underWay === 0;
  }

  /** For each rule, how many of its firings came to nothing: the run ended before their actions began. */
  get unperformed(): ReadonlyMap<number, number> {
    return this.#unperformed;
  }

  /** Takes in a firing; its action runs when those before it have. */
  push(firing: Firing, rule: Rule): void {
    if (this.#stopped) return;
    // Asked for at once: the report may be in the very next message of the engine.
    const report = firing.submitting ? this.#context.engine.submission(firing.number) : null;
    this.#enqueue({ firing, rule, action: rule.action, report, code: null }, 0);
  }

  /**
   * Does what somebody outside asked for: at once, not behind the line, which may be paused or long. Resolves with
   * what was done. Throws what the action does, which the observer is told as well.
   */
  async ask(action: Action, firing: Firing): Promise<ActionReport | null> {
    let report: ActionReport | null = null;
    const { observer } = this.#context;
    // The user's own code can't be asked for, so nothing else is told than what was done.
    const context: ActionContext = {
      ...this.#context,
      observer: {
        action: (told, of) => {
          report = told;
          observer.action?.(told, of);
        },
      },
    };
    const rule: Rule = {
      title: firing.name,
      triggerText: firing.trigger,
      whenText: null,
      algorithm: null,
      trigger: { kind: 'start' },
      when: null,
      in: [],
      for: null,
      cooldown: null,
      action,
    };
    this.#underWay++;
    observer.firing?.(firing);
    try {
      await this.#run({ firing, rule, action, report: null, code: null }, 0, context);
      return report;
    } catch (error) {
      this.#failed({ firing, rule, action, report: null, code: null }, error);
      throw error;
    } finally {
      this.#done();
    }
  }

  /** Firings are taken in, but their actions wait, from the next one on. */
  pause(): void {
    if (this.#paused !== null || this.#stopped) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#paused = { over, end };
  }

  /** Actions that waited run now, in their order. */
  resume(): void {
    this.#paused?.end();
    this.#paused = null;
  }

  /** Takes in a job that is to be submitted again. */
  retry(retry: Retry): void {
    if (this.#stopped) return;
    const report = retry.submitting ? this.#context.engine.submissionOfRetry(retry.number) : null;
    this.#underWay++;
    this.#line = this.#line.then(async () => {
      while (this.#paused !== null) await this.#paused.over;
      if (!this.#stopped) {
        await submitAgain(this.#context, retry, report).catch((error: EnsembleError) => {
          if (!this.#stopped) this.#context.observer.problem?.(error);
        });
      }
      this.#done();
    });
  }

  /** Takes in a job that a probe has to measure. */
  probe(firing: Firing, probe: ProbeRule): void {
    const { signal } = this.#hurry;
    if (signal.aborted) return;
    this.#underWay++;
    this.#probes = this.#probes.then(async () => {
      if (!signal.aborted) {
        await callProbe({ ...this.#context, signal }, firing, probe).catch((error: EnsembleError) => {
          if (!signal.aborted) this.#context.observer.problem?.(error);
        });
      }
      this.#done();
    });
  }

  /** Jobs that have not been measured yet never are. */
  dropProbes(): void {
    this.#hurry.abort();
  }

  /** Actions that have not begun never do. Probes go on: what is known of the jobs is worth having at the end, too. */
  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  /** Resolves when what has begun in the line has ended. */
  settled(): Promise<void> {
    return this.#line;
  }

  /** Resolves when the jobs that were to be measured have been. */
  measured(): Promise<void> {
    return this.#probes;
  }

  #enqueue(due: Due, depth: number): void {
    this.#underWay++;
    this.#line = this.#line.then(async () => {
      while (this.#paused !== null) await this.#paused.over;
      if (this.#stopped) {
        if (depth === 0 && due.report === null) this.#leave(due);
        return this.#done();
      }
      if (depth === 0) this.#context.observer.firing?.(due.firing);
      const running = this.#run(due, depth)
        .catch((cause: unknown) => this.#failed(due, cause))
        .finally(() => this.#done());
      if (!asksUserCode(due.action)) await running;
    });
  }

  #leave({ firing }: Due): void {
    this.#unperformed.set(firing.rule, (this.#unperformed.get(firing.rule) ?? 0) + 1);
  }

  #done(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#events.idle();
  }

  async #run(due: Due, depth: number, context = this.#context): Promise<void> {
    const { action } = due;
    // Where the firing itself leads, the engine has gone already.
    if (depth > 0 && action.goto !== null) {
      this.#context.observer.action?.({ kind: 'goto', state: action.goto }, due.firing);
      await this.#context.goTo(action.goto);
    }
    switch (action.name) {
      case 'submit':
        return submit(context, { ...due, action });
      case 'cancel':
        return cancel(context, { ...due, action });
      case 'urgency':
        return urgency(context, { ...due, action });
      case 'grow':
      case 'shrink':
        return resize(context, { ...due, action });
      case 'goto':
        return;
      case 'terminate':
        context.observer.action?.({ kind: 'terminate' }, due.firing);
        return context.terminate(enderOf(due));
      default:
        return this.#ask({ ...due, action }, depth);
    }
  }

  /** The user's own code, and then what it asks for. */
  async #ask(due: Due<AskingAction>, depth: number): Promise<void> {
    const { action, firing } = due;
    if (depth >= DEEPEST_CUSTOM) {
      throw new ActionError(
        `${describeAsking(action)} was asked for by custom functions ${DEEPEST_CUSTOM} deep; is it a loop?`,
        firing.rule,
        { code: 'ERR_CUSTOM' },
      );
    }
    for (const followUp of await this.#followUps({ ...due, action })) {
      if (this.#stopped) return;
      if (followUp.kind === 'rule') {
        await this.#context.addRule(followUp.rule);
      } else {
        const code = describeAsking(action);
        this.#enqueue({ ...due, action: followUp.action, report: null, code }, depth + 1);
      }
    }
  }

  #followUps(due: Due<AskingAction>): Promise<FollowUp[]> {
    const { action } = due;
    switch (action.name) {
      case 'custom':
        return custom(this.#context, { ...due, action });
      case 'exec':
        return exec(this.#context, { ...due, action });
      default:
        return callPlugin(this.#context, { ...due, action });
    }
  }

  #failed(due: Due, cause: unknown): void {
    const { firing, rule, action } = due;
    // What the end of the run broke off is not worth a report.
    if (this.#stopped) return;
    const error =
      cause instanceof EnsembleError
        ? cause
        : new ActionError(
            `rule '${rule.title}' (rules[${firing.rule}]): ${action.name} failed: ` +
              (cause instanceof Error ? cause.message : String(cause)),
            firing.rule,
            { cause },
          );
    this.#context.observer.problem?.(error);
    if (rule.action.onError === 'stop') this.#events.stop(error, enderOf(due));
  }
}
