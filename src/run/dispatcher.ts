/**
 * Performs the actions of firings, one after another in the order of the firings. Code of the user may take long, so it
 * runs beside the other actions.
 */

import { kindNamed, kindOf } from '../actions/catalog.js';
import type { ActionContext } from '../actions/context.js';
import { type ActionRequest, describeOrigin, endedBy, ruleIndex } from '../actions/request.js';
import { ActionError, EnsembleError } from '../errors.js';
import type { Action, ActionReport } from '../model/action.js';
import type { EndedBy } from '../model/ended-by.js';
import { actionFor, type Rule } from '../model/ensemble.js';
import { eventOf, type Firing } from '../model/firing.js';
import type { FollowUp } from '../model/follow-up.js';
import type { GroupWatch } from './group-watch.js';
import type { Progress, ProgressLog } from './progress.js';
import type { TaskQueue } from './task-queue.js';

/** Actions that code of the user may return in a chain, one from the other. */
const MAX_DEPTH = 16;

/** Ends the run because an action failed whose rule says `onError: stop`. */
export type StopRun = (error: EnsembleError, by: EndedBy) => void;

/** The place of an action among those of its firing. */
interface Place {
  readonly progress: Progress;
  /** The errors of all actions of the firing. */
  readonly errors: EnsembleError[];
  /** As in notes.ts. */
  readonly path: string;
  /** Number of answers of user code that led to the action. */
  readonly depth: number;
}

export class Dispatcher {
  readonly #context: ActionContext;
  readonly #queue: TaskQueue;
  readonly #progress: ProgressLog;
  readonly #groups: GroupWatch;
  readonly #stop: StopRun;
  readonly #unperformed = new Map<number, number>();

  constructor(
    context: ActionContext,
    queue: TaskQueue,
    progress: ProgressLog,
    groups: GroupWatch,
    stop: StopRun,
  ) {
    this.#context = context;
    this.#queue = queue;
    this.#progress = progress;
    this.#groups = groups;
    this.#stop = stop;
  }

  /** For each rule, the number of its firings whose action did not begin before the run ended. */
  get unperformed(): ReadonlyMap<number, number> {
    return this.#unperformed;
  }

  /**
   * Takes in a firing. Its action is performed after the actions before it. `progress` is what was done of it before the
   * run was resumed.
   */
  push(
    firing: Firing,
    rule: Rule,
    progress = this.#progress.open({ number: firing.number, fromOutside: false }),
  ): void {
    if (this.#queue.stopped) return;
    const { number, by, state, metrics } = firing;
    this.#enqueue(
      {
        action: actionFor(rule, firing),
        origin: { kind: 'rule', rule, firing, code: null },
        number,
        event: eventOf(firing),
        by,
        state,
        metrics,
        // Requested now, because the result may be in the next message of the engine.
        submission: firing.submitting ? this.#context.engine.source.submission(number) : null,
        held: () => {},
        report: (report) => {
          if (kindOf(rule.action).quiet) this.#context.observer.firing?.(firing);
          this.#context.observer.action?.(report, firing);
        },
        progress: progress.at(''),
      },
      { progress, errors: [], path: '', depth: 0 },
    );
  }

  /**
   * Performs an external action at once, also while the queue is paused or long. `firing` is for observers. Resolves
   * with the report of the action. Throws what the action throws, which is also reported as a problem.
   */
  async act(
    action: Action,
    askedBy: string,
    firing: Firing,
    progress = this.#progress.open({ number: firing.number, fromOutside: true }),
  ): Promise<ActionReport | null> {
    const { observer } = this.#context;
    let reported: ActionReport | null = null;
    const request: ActionRequest = {
      action,
      origin: { kind: 'external', askedBy },
      number: firing.number,
      event: eventOf(firing),
      by: null,
      state: null,
      metrics: null,
      submission: null,
      held: () => {},
      report: (report) => {
        reported = report;
        observer.action?.(report, firing);
      },
      progress: progress.at(''),
    };
    const place = { progress, errors: [], path: '', depth: 0 };
    this.#begun(firing, place);
    progress.begin();
    this.#groups.begin(action);
    await this.#queue.beside(
      this.#perform(request, place)
        .catch((cause: unknown) => {
          const error = errorOf(request, cause);
          this.#failed(request, place, error);
          throw error;
        })
        .finally(() => this.#ended(request, place)),
    );
    return reported;
  }

  #enqueue(request: ActionRequest, place: Place): void {
    place.progress.begin();
    this.#groups.begin(request.action);
    this.#queue.addReleasable(async (release) => {
      if (this.#queue.stopped) {
        if (place.depth === 0 && request.submission === null) this.#leave(ruleIndex(request));
        this.#ended(request, place);
        return;
      }
      if (place.depth === 0 && request.origin.kind === 'rule') {
        this.#begun(request.origin.firing, place);
      }
      if (kindOf(request.action).runsUserCode) release();
      await this.#perform({ ...request, held: release }, place)
        .catch((cause: unknown) => this.#failed(request, place, errorOf(request, cause)))
        .then(() => this.#ended(request, place));
    });
  }

  /** The action of a firing begins. */
  #begun(firing: Firing, { progress, errors }: Place): void {
    if (kindNamed(firing.action).quiet) return;
    const { observer } = this.#context;
    progress.whenEnded(() => observer.performed?.(firing, errors[0] ?? null));
    observer.firing?.(firing);
  }

  /** The end of the run breaks actions off, also those that end without an error. */
  #ended({ action }: ActionRequest, { progress, path }: Place): void {
    progress.end(path, !this.#queue.stopped);
    this.#groups.end(action);
  }

  #leave(rule: number): void {
    this.#unperformed.set(rule, (this.#unperformed.get(rule) ?? 0) + 1);
  }

  async #perform(request: ActionRequest, place: Place): Promise<void> {
    const { action, origin } = request;
    const { progress, errors, path, depth } = place;
    // For the action of a rule itself, the engine has gone to the state already.
    if (depth > 0 && action.goto !== null && !progress.hasGone(path)) {
      request.report({ kind: 'goto', state: action.goto });
      const gone = this.#context.goTo(action.goto);
      progress.went(path);
      await gone;
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
    const followUps =
      this.#answeredBefore(request, place) ?? (await kind.perform(this.#context, { ...request, origin }));
    for (const [index, followUp] of followUps.entries()) {
      if (this.#queue.stopped) return;
      const next = {
        progress,
        errors,
        path: path === '' ? String(index) : `${path}.${index}`,
        depth: depth + 1,
      };
      if (progress.wasDone(next.path)) continue;
      if (followUp.kind === 'rule') {
        const { rule, written } = followUp;
        await this.#context.addRule(rule, written, { firing: request.number, path: next.path });
      } else {
        const returned = { action: followUp.action, origin: { ...origin, code }, submission: null };
        this.#enqueue({ ...request, ...returned, progress: progress.at(next.path) }, next);
      }
    }
  }

  /** The actions and rules that the user's code asked for before the run was resumed; null where it has to be called. */
  #answeredBefore({ event }: ActionRequest, { progress, path }: Place): readonly FollowUp[] | null {
    const answer = progress.answerOf(path);
    if (answer === null) return null;
    const followUps = this.#context.readAnswer(answer[0], event !== null);
    return followUps.ok ? followUps.value : null;
  }

  #failed(request: ActionRequest, { errors }: Place, error: EnsembleError): void {
    // The end of the run breaks actions off, which is not an error of theirs.
    if (this.#queue.stopped) return;
    const { action, origin } = request;
    errors.push(error);
    this.#context.observer.problem?.(error);
    const { onError } = origin.kind === 'rule' ? actionFor(origin.rule, origin.firing) : action;
    if (onError === 'stop') this.#stop(error, endedBy(request));
  }
}

/** The reason of a failure, with the names of the rule and of the action. */
function errorOf(request: ActionRequest, cause: unknown): EnsembleError {
  if (cause instanceof EnsembleError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${describeOrigin(request)}: ${request.action.name} failed: ${reason}`;
  return new ActionError(message, ruleIndex(request), { cause });
}
