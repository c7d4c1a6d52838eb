/** External actions: what a person or a program outside of a run may request. */

import { type ExternalName, externalNames, kindOfReport } from '../actions/catalog.js';
import { scalarIn } from '../config/source/as-written.js';
import { ActionError } from '../errors.js';
import type { Action, ActionReport } from '../model/action.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';
import { parseJobId } from '../model/job-id.js';
import type { EnsembleObserver } from '../model/observer.js';
import type { Parameters, ParameterValue } from '../model/parameters.js';
import { quote } from '../text/describe.js';
import { describeFaults } from '../text/result.js';
import type { Dispatcher } from './dispatcher.js';
import type { EndDetector } from './end-of-run.js';
import { readFollowUps } from './follow-up.js';
import { runNote } from './notes.js';
import type { Progress } from './progress.js';
import type { TaskQueue } from './task-queue.js';

/** The names of external actions: actions of rules that run no code of the user, and a pause of all rules. */
export const externalActionNames = [...externalNames, 'pause', 'resume'] as const;

export interface ExternalAction {
  readonly name: ExternalName | 'pause' | 'resume';
  /** The group, for `submit`, `cancel` and `urgency`. */
  readonly label?: string;
  /** Instead of a group, the id of one active job for `cancel` and `urgency`, in F58 or as a decimal number. */
  readonly job?: string;
  /** Jobs, slots or an urgency: as a rule's `value`. */
  readonly value?: number;
  /** For `submit`: values in place of the group's parameters. A text that is a number in a file is a number here too. */
  readonly parameters?: Parameters;
}

/** Whether it is the name of an external action. */
export function isExternal(name: string): name is ExternalAction['name'] {
  return (externalActionNames as readonly string[]).includes(name);
}

/** The result of an external action. */
export interface ExternalOutcome {
  /** The performed action, in words. */
  readonly text: string;
  /** Sizes before and after `grow` and `shrink`; null for other actions. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface ExternalActionsOptions {
  readonly config: EnsembleConfig;
  readonly observer: EnsembleObserver;
  /** The group of an active job of the run; null for another id. */
  groupOf(job: bigint): Promise<string | null>;
  /** Pauses the engine's own submissions, or resumes them. */
  pauseEngine(on: boolean): Promise<void>;
  /** The run's time, in seconds since the epoch. */
  now(): number;
  /** An external action has a firing for observers, like the action of a rule. */
  onFiring(firing: Firing): void;
  /** Keeps a note for a process that resumes the run. */
  note(text: string): Promise<void>;
}

/** An external action that was requested and not done when the process of the run ended. */
export interface OpenRequest {
  readonly number: number;
  readonly action: ExternalAction;
  readonly by: string;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly progress: Progress;
}

export class ExternalActions {
  readonly #options: ExternalActionsOptions;
  readonly #dispatcher: Pick<Dispatcher, 'act'>;
  readonly #queue: Pick<TaskQueue, 'pause' | 'resume'>;
  readonly #end: Pick<EndDetector, 'setPaused'>;
  /** External actions so far, those of earlier processes of the run included. */
  #count: number;

  constructor(
    options: ExternalActionsOptions,
    dispatcher: Pick<Dispatcher, 'act'>,
    queue: Pick<TaskQueue, 'pause' | 'resume'>,
    end: Pick<EndDetector, 'setPaused'>,
    count = 0,
  ) {
    this.#options = options;
    this.#dispatcher = dispatcher;
    this.#queue = queue;
    this.#end = end;
    this.#count = count;
  }

  /** Performs an action at once. Resolves with what was done. Throws ActionError. */
  async act(external: ExternalAction, askedBy: string): Promise<ExternalOutcome> {
    const { config, observer } = this.#options;
    const { name } = external;
    if (name === 'pause' || name === 'resume') {
      observer.paused?.(name === 'pause', askedBy);
      await this.#options.note(runNote('paused', name === 'pause'));
      const text = await (name === 'pause' ? this.#pause() : this.#resume());
      return { text, before: null, after: null };
    }
    const action = readExternal(external, config);
    const target = await this.#targetOf(external);
    const firing = { ...externalFiring(action, askedBy, this.#count++, this.#options.now()), ...target };
    const { number, timestamp: time } = firing;
    await this.#options.note(
      runNote('request', { number, action: { ...external, name }, by: askedBy, time }),
    );
    this.#options.onFiring(firing);
    return outcomeOf(await this.#dispatcher.act(action, askedBy, firing));
  }

  /** Performs actions that were requested before the run was resumed. Failures are reported as problems. */
  async actAgain(requests: readonly OpenRequest[]): Promise<void> {
    for (const { action: external, by, number, time, progress } of requests) {
      const action = readExternal(external, this.#options.config);
      const firing = {
        ...externalFiring(action, by, number, time),
        ...(await this.#targetOf(external, true)),
      };
      this.#options.onFiring(firing);
      await this.#dispatcher.act(action, by, firing, progress).catch(() => {});
    }
  }

  /**
   * The part of the firing that names the job of a request. Throws ActionError for a job that is not active, unless it
   * `mayHaveEnded`.
   */
  async #targetOf(
    { job }: ExternalAction,
    mayHaveEnded = false,
  ): Promise<Pick<Firing, 'job' | 'group' | 'event'> | null> {
    if (job === undefined) return null;
    const id = parseJobId(job);
    const group = id === null ? null : await this.#options.groupOf(id);
    if (group !== null || mayHaveEnded) return { job: id, group: group ?? '', event: 'asked' };
    throw new ActionError(`${quote(job)} is not an active job of this run`, -1);
  }

  async #pause(): Promise<string> {
    this.#end.setPaused(true);
    this.#queue.pause();
    await this.#options.pauseEngine(true);
    return "the actions of rules wait for 'resume'";
  }

  async #resume(): Promise<string> {
    // First, so that later firings do not overtake the actions that waited.
    this.#queue.resume();
    await this.#options.pauseEngine(false);
    this.#end.setPaused(false);
    return 'rules act again';
  }
}

/** The action, checked as an action of the file is. Throws ActionError. */
export function readExternal(
  { name, label, job, value, parameters }: ExternalAction,
  config: EnsembleConfig,
): Action {
  if (!isExternal(name)) throw new ActionError(`'${name}' can't be requested from outside of a run`, -1);
  const given = {
    name,
    ...(label === undefined ? {} : { label }),
    ...(value === undefined ? {} : { value }),
  };
  if (parameters !== undefined && name !== 'submit') {
    throw new ActionError('parameters are only for submit', -1);
  }
  if (job !== undefined && (label !== undefined || (name !== 'cancel' && name !== 'urgency'))) {
    throw new ActionError('a job is named only for cancel and urgency, and without a group', -1);
  }
  const { values, texts } = parametersAsWritten(parameters);
  const asked = parameters === undefined ? given : { ...given, parameters: values };
  const read = readFollowUps(asked, config, job !== undefined, texts);
  // There is no file whose fields a path could name.
  if (!read.ok) throw new ActionError(describeFaults(read).replace(/^label: /, ''), -1);
  const [followUp] = read.value;
  if (followUp?.kind === 'action') return followUp.action;
  throw new ActionError('not an action', -1);
}

/** Parameters as those of a file are read: texts that are numbers there are numbers, and keep their texts. */
function parametersAsWritten(given: Parameters = {}): {
  readonly values: Readonly<Record<string, ParameterValue | bigint>>;
  readonly texts: ReadonlyMap<string, string>;
} {
  const values: Record<string, ParameterValue | bigint> = {};
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
    const read = typeof value === 'string' ? scalarIn(value) : value;
    values[name] = read;
    if (typeof value === 'string' && typeof read !== 'string') texts.set(name, value);
  }
  return { values, texts };
}

/** An external action as observers get it; `number` counts these, `time` is in seconds since the epoch. */
export function externalFiring(action: Action, askedBy: string, number: number, time: number): Firing {
  return {
    number,
    rule: -1,
    askedBy,
    trigger: 'asked',
    name: `asked by ${askedBy}`,
    algorithm: null,
    action: action.name,
    label: 'label' in action ? action.label : null,
    timestamp: time,
    job: null,
    group: null,
    state: null,
    goto: null,
    value: null,
    event: null,
    resolved: false,
    by: null,
    submitting: false,
    attempt: 0,
    metrics: null,
    context: null,
    parameters: null,
    entry: null,
    origin: null,
  };
}

/** The outcome of an action from its report; null for an action that reported nothing. */
export function outcomeOf(report: ActionReport | null): ExternalOutcome {
  const { before, after } = report !== null && 'before' in report ? report : { before: null, after: null };
  return { text: report === null ? 'done' : kindOfReport(report).words.done(report), before, after };
}
