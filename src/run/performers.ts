/** The parts of a run that perform something. They need the code of the user, so they exist once it is loaded. */

import type { ActionContext } from '../actions/context.js';
import { Prunings } from '../actions/prune/pruning.js';
import { DoneJobs } from '../actions/submit/done-jobs.js';
import { OpenSubmissions } from '../actions/submit/open-submissions.js';
import type { Engine } from '../engine/engine.js';
import type { EnsembleError } from '../errors.js';
import type { EndedBy } from '../model/ended-by.js';
import type { Firing } from '../model/firing.js';
import { Admission } from './admission.js';
import { Dispatcher } from './dispatcher.js';
import { readDoneJobs } from './done-jobs.js';
import type { EndDetector } from './end-of-run.js';
import { ExternalActions } from './external-actions.js';
import { readFollowUps } from './follow-up.js';
import type { GroupWatch } from './group-watch.js';
import type { LostUrgencies } from './lost-urgencies.js';
import { Measurements } from './measurements.js';
import { type AddedRule, addedRuleText } from './notes.js';
import { Probes } from './probes.js';
import type { ProgressLog } from './progress.js';
import type { RequestedEvents } from './requested-events.js';
import { Retries } from './retries.js';
import type { RulesOfRun } from './rules-of-run.js';
import { Searches } from './search/searches.js';
import type { TaskQueue } from './task-queue.js';
import type { UserCode } from './user-code.js';

export interface Performers {
  readonly dispatcher: Dispatcher;
  readonly retries: Retries;
  readonly probes: Probes;
  readonly external: ExternalActions;
  readonly searches: Searches;
}

export interface PerformerOptions extends Pick<ActionContext, 'config' | 'member' | 'engine' | 'observer'> {
  readonly code: UserCode;
  readonly rules: RulesOfRun;
  readonly events: RequestedEvents;
  readonly queue: TaskQueue;
  readonly groups: GroupWatch;
  readonly progress: ProgressLog;
  readonly urgencies: LostUrgencies;
  readonly end: EndDetector;
  readonly notify: ActionContext['notify'];
  /** Absolute path of the folder where outputs of jobs are kept; null without one. */
  readonly outputs: string | null;
  /** The folder with the folders of runs; null for a run without one. */
  readonly runs: string | null;
  /** By group, jobs that were not submitted because they are done. */
  readonly skipped: Map<string, number>;
  /** External requests so far. */
  readonly requests: number;
  /** The run's time, in seconds since the epoch. */
  now(): number;
  /** The size of the member may have changed. */
  resized(): void;
  onFiring(firing: Firing): void;
  /** The ensemble has gone to a state. */
  onState(state: string | null): void;
  finish(end: 'terminated' | 'stopped', error: EnsembleError | null, by: EndedBy): void;
}

function contextOf(options: PerformerOptions, admission: Admission, searches: Searches): ActionContext {
  const { config, member, engine, observer, rules } = options;
  const { customs, plugins, programs } = options.code;
  return {
    ...{ config, member, engine, observer, customs, plugins, programs },
    searches,
    prunings: new Prunings(),
    doneJobs: (entries) =>
      options.runs === null
        ? Promise.resolve(new DoneJobs())
        : readDoneJobs(options.runs, entries, (error) => observer.problem?.(error)),
    skipped: (group, jobs) => {
      options.skipped.set(group, (options.skipped.get(group) ?? 0) + jobs);
      observer.skipped?.(group, jobs);
    },
    submissions: new OpenSubmissions(),
    paused: () => options.queue.paused,
    together: (parts) => options.queue.together(parts),
    submit: admission.submit.bind(admission),
    dropQueued: admission.dropQueued.bind(admission),
    setQueuedUrgency: admission.setQueuedUrgency.bind(admission),
    noticeHeld: admission.noticeHeld.bind(admission),
    resized: options.resized,
    signal: options.end.signal,
    notify: options.notify,
    terminate: (by) => options.finish('terminated', null, by),
    goTo: async (state) => {
      await engine.goTo(config.states.indexOf(state));
      options.onState((await engine.status()).state);
    },
    readAnswer: (answer, onJob) => readFollowUps(answer, config, onJob),
    addRule: async (added, written, place) => {
      if (options.events.add(added)) await member.widen?.(options.events.names);
      const { rule, metrics } = rules.add(added);
      const text = addedRuleText({ ...place, rule: written as AddedRule['rule'] });
      await engine.addRule(rule, metrics, text);
    },
  };
}

/** The group of an active job; null for another id. */
async function activeGroupOf(engine: Engine, job: bigint): Promise<string | null> {
  for (const [index, name] of engine.groups.entries()) {
    if ((await engine.activeJobs(index)).includes(job)) return name;
  }
  return null;
}

/** Makes the parts of a run that perform something. */
export function makePerformers(options: PerformerOptions): Performers {
  const { config, observer, engine, queue, progress, end, requests } = options;
  const admission = new Admission(config, options);
  const searches = new Searches({
    ...{ config, engine, observer, queue, groups: options.groups, signal: end.signal },
    optimizers: options.code.optimizers,
    submit: admission.submit.bind(admission),
  });
  const context = contextOf(options, admission, searches);
  const dispatcher = new Dispatcher(context, queue, progress, options.groups, (error, by) =>
    options.finish('stopped', error, by),
  );
  const external = new ExternalActions(
    {
      config,
      observer,
      groupOf: (job) => activeGroupOf(engine, job),
      pauseEngine: (on) => engine.pause(on),
      now: () => options.now(),
      onFiring: (firing) => options.onFiring(firing),
      note: (text) => engine.note(text),
    },
    dispatcher,
    queue,
    end,
    requests,
  );
  return {
    dispatcher,
    external,
    retries: new Retries(context, queue, options.urgencies),
    searches,
    probes: new Probes(
      context,
      queue,
      new Measurements(context, options.code.measurer, options.outputs),
      (group, job, values) => searches.measured(group, job, values),
    ),
  };
}
