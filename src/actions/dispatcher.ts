/**
 * Runs the actions of firings: one after another in the order of the firings, but for the user's own code, which
 * may take its time and so runs beside the others.
 */

import type { Rule } from '../config/types.js';
import { ActionError, EnsembleError } from '../errors.js';
import type { Firing } from '../firing.js';
import { cancel } from './cancel.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import { custom } from './custom.js';
import { exec } from './exec.js';
import { resize } from './resize.js';
import { submit } from './submit.js';
import { urgency } from './urgency.js';

/** A custom function may ask for another, but not for ever. */
const DEEPEST_CUSTOM = 16;

export interface DispatcherEvents {
  /** The last action that was under way has ended. */
  idle(): void;
  /** An action failed whose rule says `onError: stop`. */
  stop(error: EnsembleError): void;
}

export class Dispatcher {
  readonly #context: ActionContext;
  readonly #events: DispatcherEvents;
  #line: Promise<void> = Promise.resolve();
  #underWay = 0;
  #stopped = false;

  constructor(context: ActionContext, events: DispatcherEvents) {
    this.#context = context;
    this.#events = events;
  }

  /** No action is under way or waiting. */
  get idle(): boolean {
    return this.#underWay === 0;
  }

  /** Takes in a firing; its action runs when those before it have. */
  push(firing: Firing, rule: Rule): void {
    if (this.#stopped) return;
    // Asked for at once: the report may be in the very next message of the engine.
    const report = firing.submitting ? this.#context.engine.submission(firing.number) : null;
    this.#enqueue({ firing, rule, action: rule.action, report }, 0);
  }

  /** Actions that have not begun never do. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when what has begun in the line has ended. */
  settled(): Promise<void> {
    return this.#line;
  }

  #enqueue(due: Due, depth: number): void {
    this.#underWay++;
    this.#line = this.#line.then(async () => {
      if (this.#stopped) return this.#done();
      if (depth === 0) this.#context.observer.firing?.(due.firing);
      const running = this.#run(due, depth)
        .catch((cause: unknown) => this.#failed(due, cause))
        .finally(() => this.#done());
      if (due.action.name !== 'custom' && due.action.name !== 'exec') await running;
    });
  }

  #done(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#events.idle();
  }

  async #run(due: Due, depth: number): Promise<void> {
    const { action } = due;
    switch (action.name) {
      case 'submit':
        return submit(this.#context, { ...due, action });
      case 'cancel':
        return cancel(this.#context, { ...due, action });
      case 'urgency':
        return urgency(this.#context, { ...due, action });
      case 'grow':
      case 'shrink':
        return resize(this.#context, { ...due, action });
      case 'custom':
      case 'exec':
        return this.#ask({ ...due, action }, depth);
      case 'terminate':
        this.#context.observer.action?.({ kind: 'terminate' }, due.firing);
        this.#context.terminate();
    }
  }

  /** The user's own code, and then what it asks for. */
  async #ask(due: Due<ActionNamed<'custom' | 'exec'>>, depth: number): Promise<void> {
    const { action, firing } = due;
    if (depth >= DEEPEST_CUSTOM) {
      const what =
        action.name === 'exec' ? `exec '${action.commandText}'` : `custom function '${action.label}'`;
      throw new ActionError(
        `${what} was asked for by custom functions ${DEEPEST_CUSTOM} deep; is it a loop?`,
        firing.rule,
        { code: 'ERR_CUSTOM' },
      );
    }
    const followUps =
      action.name === 'exec'
        ? await exec(this.#context, { ...due, action })
        : await custom(this.#context, { ...due, action });
    for (const followUp of followUps) {
      if (this.#stopped) return;
      if (followUp.kind === 'rule') {
        await this.#context.addRule(followUp.rule);
      } else {
        this.#enqueue({ ...due, action: followUp.action, report: null }, depth + 1);
      }
    }
  }

  #failed({ firing, rule, action }: Due, cause: unknown): void {
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
    if (rule.action.onError === 'stop') this.#events.stop(error);
  }
}
