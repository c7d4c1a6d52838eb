/** The searches of a run: they connect the engine, the optimizers and the submissions of groups with `ask`. */

import { setMaxListeners } from 'node:events';
import type { ActionContext } from '../../actions/context.js';
import { type ActionRequest, describeOrigin, ruleIndex } from '../../actions/request.js';
import { describeSearch } from '../../actions/submit/search-words.js';
import { tagValues } from '../../actions/tag-values.js';
import { failureOf } from '../../actions/user-code.js';
import type { NativeFiring, NativeJobColumns } from '../../engine/addon.js';
import type { Engine } from '../../engine/engine.js';
import { readJobEvent } from '../../engine/firings.js';
import { ActionError, EnsembleError } from '../../errors.js';
import type { ActionOf } from '../../model/action.js';
import type { JobGroup } from '../../model/ensemble.js';
import { InvalidAnswer } from '../../model/follow-up.js';
import { formatJobId } from '../../model/job-id.js';
import { OBJECTIVE, probedOf } from '../../model/metric-names.js';
import type { AskOptions, RowOutcome, SearchReport } from '../../model/search.js';
import type { Optimizers } from '../../usercode/optimizer/optimizers.js';
import type { GroupWatch } from '../group-watch.js';
import type { TaskQueue } from '../task-queue.js';
import { JobValues } from './job-values.js';
import { isRetried } from './retried.js';
import type { SearchEvent, SearchRule } from './rules.js';
import { type OpenRow, type RowEnd, Search, type SearchNote } from './search.js';

type SubmitRequest = ActionRequest<ActionOf<'submit'>>;
type Group = JobGroup & { readonly ask: AskOptions };

export interface SearchesOptions extends Pick<ActionContext, 'config' | 'observer' | 'submit' | 'signal'> {
  readonly engine: Engine;
  readonly queue: TaskQueue;
  readonly groups: GroupWatch;
  readonly optimizers: Optimizers;
}

/** The notes and the firings of the processes before, in a run that goes on. */
export interface RestoredSearches {
  readonly notes: readonly SearchNote[];
  /** Jobs of firings for probes that are not measured, each as often as it has such a firing. */
  readonly unmeasured: readonly bigint[];
}

/** A job that has succeeded, and waits for the numbers of its probes. */
interface Measuring {
  left: number;
  end(): void;
}

/** The search of a group, with the values of its jobs. */
interface GroupSearch {
  readonly group: Group;
  readonly search: Search;
  readonly values: JobValues;
  readonly measuring: Map<bigint, Measuring>;
  /** Rows that ended before the run was resumed, by the key of their job; their firings may not be done. */
  readonly ended: Map<string, number | null>;
  /** Jobs that succeeded without a value of the objective. */
  withoutObjective: number;
  readonly pruned: Set<bigint>;
}

export class Searches {
  readonly #options: SearchesOptions;
  readonly #searches: ReadonlyMap<string, GroupSearch>;
  /** For a restored firing on a success: probes of the job that are not done. */
  readonly #unmeasured = new Map<bigint, number>();

  constructor(options: SearchesOptions) {
    this.#options = options;
    setMaxListeners(0, options.signal);
    const groups = [...options.config.groups.values()].filter((group): group is Group => group.ask !== null);
    this.#searches = new Map(groups.map((group) => [group.name, this.#searchOf(group)]));
  }

  /** Implements `ActionContext.searches`: performs a submission of a group with a search. Throws ActionError. */
  async submit(request: SubmitRequest, group: JobGroup): Promise<void> {
    const found = this.#searches.get(group.name);
    if (found === undefined) return;
    const { action, number: firing, origin, progress } = request;
    const where = `${describeOrigin(request)}: the search of group '${group.name}' (${found.group.ask.title})`;
    if (action.parameters !== null) {
      const hint = "remove 'parameters', or submit the job of an event again";
      throw new ActionError(`${where}: its optimizer gives the parameters; ${hint}`, ruleIndex(request));
    }
    const part = progress.part();
    const known = await progress.submitted(part);
    const metrics = request.metrics ?? (await this.#options.engine.metrics());
    const text = describeSearch(found.group, action.value);
    request.report({ kind: 'submit', group: group.name, jobs: 0, text });
    const ended = found.search
      .begin(
        { firing, part, outside: origin.kind === 'external' },
        {
          rule: ruleIndex(request),
          limit: action.value,
          values: tagValues(request, metrics),
          isKnown: (index) => known.some(({ begin, end }) => index >= begin && index < end),
        },
      )
      .catch((cause: unknown) => {
        throw errorOf(cause, where, ruleIndex(request));
      });
    // Other actions do not wait for the search.
    request.held();
    if (origin.kind === 'rule') return this.#options.queue.waiting(ended);
    this.#goOn(request, ended);
  }

  /** The requester of the submission does not wait until the search has ended. */
  #goOn({ action, progress }: SubmitRequest, ended: Promise<void>): void {
    const { groups, observer, signal } = this.#options;
    groups.begin(action);
    progress.until(
      ended
        .catch((error: EnsembleError) => observer.problem?.(error))
        .then(() => {
          groups.end(action);
          return !signal.aborted;
        }),
    );
  }

  /** The group is canceled, so its search asks for no more rows. */
  stop(group: string): void {
    this.#searches.get(group)?.search.cancel();
  }

  /** The job is canceled because it is worse than others. */
  prune(group: string, job: bigint): void {
    this.#searches.get(group)?.pruned.add(job);
  }

  /** The engine reports to a search. `restored`: it did so before the run was resumed. */
  push({ group, on }: SearchRule, native: NativeFiring, restored = false): void {
    const found = this.#searches.get(group);
    const { engine, signal } = this.#options;
    // After an interruption, the jobs of the firings are submitted again.
    if (found === undefined || signal.aborted) return;
    if (on === 'until') {
      found.search.reached();
      this.#done(native.number);
      return;
    }
    const { event, attempt } = readJobEvent(native, engine.names);
    const { job, context, timestamp } = event;
    if (on === 'tell') found.values.told(job, context);
    else if (on === 'start') found.values.started(job, timestamp);
    else if (on === 'exception') found.values.raised(job, context);
    else {
      this.#ended(found, on, native, { event, attempt }, restored);
      return;
    }
    this.#done(native.number);
  }

  /** A probe has measured a job, or has failed to (null). */
  measured(group: string, job: bigint, values: Readonly<Record<string, number>> | null): void {
    const found = this.#searches.get(group);
    if (found === undefined) return;
    found.values.measured(job, values);
    const measuring = found.measuring.get(job);
    if (measuring !== undefined && --measuring.left === 0) measuring.end();
  }

  /** Takes in what earlier processes of the run have noted. */
  restore({ notes, unmeasured }: RestoredSearches): void {
    for (const note of notes) this.#searches.get(note.value.group)?.search.restore(note);
    for (const { kind, value } of notes) {
      const ended = kind === 'rowsEnded' ? this.#searches.get(value.group)?.ended : undefined;
      for (const { job, outcome, objective } of kind === 'rowsEnded' ? value.rows : []) {
        if (job !== null) ended?.set(job, outcome === 'success' ? objective : null);
      }
    }
    for (const job of unmeasured) this.#unmeasured.set(job, (this.#unmeasured.get(job) ?? 0) + 1);
  }

  /** Takes in the values of jobs from the log of a run that goes on: those that `isOpen`. */
  restoreValues(jobs: NativeJobColumns, isOpen: (job: bigint) => boolean): void {
    for (const { group, values } of this.#searches.values()) {
      values.restore(jobs, group.name, probedOf(group), isOpen);
    }
  }

  /** Whether the run has a search. */
  get any(): boolean {
    return this.#searches.size > 0;
  }

  get reports(): readonly SearchReport[] {
    return [...this.#searches.values()].map(({ search }) => search.report).filter(({ asked }) => asked > 0);
  }

  #searchOf(group: Group): GroupSearch {
    const { engine, queue, observer, optimizers, submit, signal } = this.#options;
    const search = new Search(group, {
      start: ({ optimizer, seed, objective, direction, space, options }, names) =>
        optimizers.start(optimizer, {
          ...{ seed, objective, direction, space, options },
          names: group.ask.names ?? names,
        }),
      note: (text) => engine.note(text),
      submit,
      beside: (work) => queue.beside(work),
      paused: () => queue.paused,
      problem: (message) => {
        const text = `the optimizer of group '${group.name}' (${group.ask.title}) ${message}`;
        observer.problem?.(new EnsembleError('ERR_CUSTOM', text));
      },
      signal,
    });
    const values = new JobValues(group.tells);
    return {
      ...{ group, search, values, measuring: new Map(), ended: new Map() },
      ...{ withoutObjective: 0, pruned: new Set() },
    };
  }

  /** A job has ended with this event. */
  #ended(
    found: GroupSearch,
    on: SearchEvent,
    native: NativeFiring,
    { event, attempt }: ReturnType<typeof readJobEvent>,
    restored: boolean,
  ): void {
    const { group, search, values, measuring } = found;
    const { job, origin } = event;
    const before = found.ended.get(String(job));
    if (before !== undefined) {
      this.#observe(group, native, before, event.timestamp);
      return;
    }
    const key = origin && { firing: origin.firing, part: origin.part, outside: origin.rule < 0 };
    const row = key === null || origin === null ? null : search.rowOf(key, origin.index);
    const again = isRetried(group.retry, on, attempt, values.exceptionOf(job));
    const expected = probesOf(group, on, event.name === 'finish');
    const left = restored ? (this.#unmeasured.get(job) ?? 0) : expected - values.probesOf(job);
    const whenMeasured = (end: () => void) => {
      if (left <= 0) end();
      else measuring.set(job, { left, end });
    };
    if (row === null || again || on !== 'success') {
      if (row === null || again) this.#done(native.number);
      else this.#endRow(found, row, on, native, event.timestamp);
      whenMeasured(() => this.#forget(found, job));
      return;
    }
    whenMeasured(() => {
      this.#endRow(found, row, on, native, event.timestamp);
      this.#forget(found, job);
    });
  }

  #forget({ values, measuring }: GroupSearch, job: bigint): void {
    measuring.delete(job);
    values.forget(job);
  }

  #endRow(found: GroupSearch, row: OpenRow, on: SearchEvent, native: NativeFiring, time: number): void {
    const { group, search, values, pruned } = found;
    const job = native.job ?? 0n;
    const told = values.of(job);
    const { objective: name } = group.ask;
    const value = name === 'duration' ? values.durationOf(job, time) : (told[name] ?? null);
    const objective = typeof value === 'number' ? value : null;
    const outcome = outcomeOf(on, pruned.delete(job));
    const hasNone = outcome === 'success' && objective === null;
    if (hasNone) this.#lacksObjective(found, job);
    const counts = outcome === 'success' || outcome === 'pruned';
    const end: RowEnd = {
      outcome: hasNone ? 'failed' : outcome,
      objective: counts ? objective : null,
      values: counts ? told : {},
      job,
    };
    search.end(row, end, () => this.#observe(group, native, outcome === 'success' ? objective : null, time));
  }

  /** The objective of a row becomes an observation of its group; null for a row without one. */
  #observe({ name }: Group, { number, job }: NativeFiring, objective: number | null, time: number): void {
    if (objective === null || job === null) {
      this.#done(number);
      return;
    }
    const { engine, config } = this.#options;
    const group = config.groups.get(name);
    const index = group === undefined ? -1 : probedOf(group).indexOf(OBJECTIVE);
    const of = { firing: number, job };
    // The engine may be closed.
    engine.probed(engine.groups.indexOf(name), index, [objective], time, of).catch(() => {});
  }

  #lacksObjective(found: GroupSearch, job: bigint): void {
    if (found.withoutObjective++ > 0) return;
    const { name, ask } = found.group;
    const message = `job ${formatJobId(job)} of group '${name}' succeeded without a value of '${ask.objective}', so its row counts as failed`;
    this.#options.observer.problem?.(new EnsembleError('ERR_RUN', message));
  }

  #done(firing: number): void {
    // The engine may be closed.
    this.#options.engine.done(firing).catch(() => {});
  }
}

/** The probes that measure a job which has ended in this way. */
function probesOf({ probes }: JobGroup, on: SearchEvent, hasRun: boolean): number {
  if (on === 'success') return probes.length;
  return hasRun ? probes.filter((probe) => probe.kind === 'measure' && probe.on === 'always').length : 0;
}

function outcomeOf(on: SearchEvent, pruned: boolean): RowOutcome {
  switch (on) {
    case 'success':
    case 'timeout':
      return on;
    case 'cancel':
      return pruned ? 'pruned' : 'canceled';
    default:
      return 'failed';
  }
}

/** The error of a search as that of its submission. */
function errorOf(cause: unknown, where: string, rule: number): EnsembleError {
  if (cause instanceof InvalidAnswer) {
    return new ActionError(`${where} ${cause.message}`, rule, { cause, code: 'ERR_CUSTOM' });
  }
  return cause instanceof EnsembleError ? cause : failureOf(cause, where, rule, 'its');
}
