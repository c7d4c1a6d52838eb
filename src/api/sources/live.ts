/** The ensemble of this process. */

import { hostname, userInfo } from 'node:os';
import { basename } from 'node:path';
import { EnsembleError } from '../../errors.js';
import { describeEndedBy } from '../../model/ended-by.js';
import type { GroupFailures } from '../../model/failure.js';
import type { Firing } from '../../model/firing.js';
import type { GroupStates, MetricsSnapshot } from '../../model/metrics.js';
import type { Subscription } from '../../run/broadcast.js';
import type { RunEnding } from '../../run/end-of-run.js';
import type { Ensemble } from '../../run/ensemble.js';
import type { ExternalAction, ExternalOutcome } from '../../run/external-actions.js';
import type { RuleNow } from '../../run/rules-now.js';
import { Fault } from '../../service/fault.js';
import { ChangedGroups, ChangedObjects } from '../../service/run/changes.js';
import { FailurePoll } from '../../service/run/failure-poll.js';
import { status } from '../../service/status-code.js';
import { readConfiguration } from '../../store/run-folder.js';
import { didYouMean } from '../../text/suggest.js';
import type { EnsembleState } from '../changes/feed.js';
import type { EnsembleResource } from '../schemas/ensemble.js';
import { PolledEnsemble } from './polled.js';
import {
  countsOf,
  failuresResource,
  firingResource,
  groupResource,
  problemResource,
  ruleResource,
} from './resources.js';
import type { Source, SourcedEnsemble } from './source.js';

/** The part of an `Ensemble` that the API uses. */
export type ShownEnsemble = Pick<
  Ensemble,
  | 'id'
  | 'name'
  | 'config'
  | 'started'
  | 'ending'
  | 'result'
  | 'runFolder'
  | 'running'
  | 'paused'
  | 'size'
  | 'memberName'
  | 'state'
  | 'metrics'
  | 'rules'
  | 'failures'
  | 'firings'
  | 'problems'
  | 'act'
>;

export interface LiveOptions {
  /** Seconds between two updates for watchers; 0.25 by default. */
  readonly interval?: number;
  /** The version of this package. */
  readonly version: string;
  /** The text of the ensemble's file; by default that in the run's folder. */
  readonly configuration?: string | null;
}

export class LiveEnsemble extends PolledEnsemble {
  readonly #ensemble: ShownEnsemble;
  readonly #options: LiveOptions;
  readonly #groups = new ChangedGroups();
  readonly #rules = new ChangedObjects<RuleNow>();
  readonly #firings: Subscription<Firing>;
  readonly #problems: Subscription<EnsembleError>;
  #states: MetricsSnapshot['states'] = null;
  #metrics: MetricsSnapshot | null = null;
  #isClosed = false;
  readonly #failures = new FailurePoll();

  constructor(ensemble: ShownEnsemble, options: LiveOptions) {
    super((options.interval ?? 0.25) * 1000);
    this.#ensemble = ensemble;
    this.#options = options;
    this.#firings = ensemble.firings();
    this.#problems = ensemble.problems();
    void this.#gather();
    void this.#gatherProblems();
  }

  get id(): string {
    return this.#ensemble.id;
  }

  distributions(group: string): GroupStates | null {
    return this.#states?.get(group) ?? null;
  }

  act(action: ExternalAction, askedBy: string): Promise<ExternalOutcome> {
    return this.#ensemble.act(action, askedBy);
  }

  folder(): string | null {
    return this.#ensemble.runFolder;
  }

  configuration(): string | null {
    const { configuration = null } = this.#options;
    const { runFolder } = this.#ensemble;
    if (configuration !== null || runFolder === null) return configuration;
    return readConfiguration(runFolder);
  }

  /** Shows the end of the run to all watchers. */
  async conclude(): Promise<void> {
    await this.update().catch(() => {});
    if (!this.feed.ended) await this.update().catch(() => {});
    this.close();
  }

  close(): void {
    this.stop();
    this.feed.end();
    void this.#firings.return?.();
    void this.#problems.return?.();
  }

  protected async take(): Promise<number> {
    const { result } = this.#ensemble;
    const [metrics, rules] = await Promise.all([
      result?.metrics ?? this.#ensemble.metrics(),
      this.#ensemble.rules(),
    ]).catch((error: unknown) => this.#closed(error));
    const begun = performance.now();
    const failures = await this.#takeFailures(metrics);
    const resumed = performance.now();
    this.#metrics = metrics;
    this.#states = metrics.states;
    const groups = this.#groups.take(metrics.groups).map(([name, group]) => groupResource(name, group));
    this.feed.update({
      ensemble: this.#state(metrics),
      updated: Date.now() / 1000,
      groups,
      rules: this.#rules.take(rules).map(ruleResource),
      metrics: metrics.named,
      ...(failures === null ? {} : { failures: failuresResource(failures) }),
    });
    if (result !== null || this.#isClosed) this.feed.end();
    // The wait for the engine is not counted. Reading its answer takes about as long as this part.
    return 2 * (performance.now() - resumed + (failures === null ? 0 : resumed - begun) / 2);
  }

  /** After `close()` of the ensemble, its latest state stays. Rules as they were are in its result. */
  #closed(error: unknown): [MetricsSnapshot, readonly RuleNow[]] {
    const isClosed = error instanceof EnsembleError && error.code === 'ERR_CLOSED';
    const metrics = this.#ensemble.result?.metrics ?? this.#metrics;
    if (!isClosed || metrics === null) throw error;
    this.#isClosed = true;
    return [metrics, []];
  }

  /** The failures, where some may have changed. */
  async #takeFailures(metrics: MetricsSnapshot): Promise<ReadonlyMap<string, GroupFailures> | null> {
    const { result } = this.#ensemble;
    if (result !== null) return this.#failures.complete(result.failures);
    return this.#failures.take(() => this.#ensemble.failures(), metrics).catch(() => null);
  }

  #state({ groups, status: { backlogOver, logLag, ...status } }: MetricsSnapshot): EnsembleState {
    const { id, name, config, started, ending, result, runFolder, running, paused, size, memberName, state } =
      this.#ensemble;
    const { records, events, trackedEvents, firings, decodeErrors, lostJobs, activeJobs } = status;
    const now = paused ? 'paused' : 'running';
    const begun = running ? now : 'starting';
    return {
      id,
      name,
      run: runFolder === null ? null : basename(runFolder),
      status: result !== null ? 'ended' : ending !== null ? 'ending' : begun,
      member: memberName,
      size,
      paused,
      state,
      states: [...config.states],
      started,
      counts: countsOf([...groups.values()].map(({ count }) => count)),
      groups: groups.size,
      totals: {
        ...{ records, events, trackedEvents, firings, decodeErrors, lostJobs, activeJobs },
        ...{ following: backlogOver, logLag },
      },
      end: ending === null ? null : endOf(ending),
      host: hostname(),
      user: userInfo().username,
      pid: process.pid,
      file: config.file,
      version: this.#options.version,
    };
  }

  async #gather(): Promise<void> {
    let dropped = 0;
    for await (const firing of this.#firings) {
      this.feed.firings.skip(this.#firings.dropped - dropped);
      dropped = this.#firings.dropped;
      this.feed.firing(firingResource(firing));
    }
  }

  async #gatherProblems(): Promise<void> {
    for await (const error of this.#problems) this.feed.problem(problemResource(error));
  }
}

function endOf({ end, error, by }: RunEnding): { end: string; error: string; by: string } {
  return { end, error: error?.message ?? '', by: by === null ? '' : describeEndedBy(by) };
}

/** The one ensemble of this process, as a source. */
export class LiveSource implements Source {
  readonly ensemble: LiveEnsemble;
  readonly #shown: ShownEnsemble;

  constructor(ensemble: ShownEnsemble, options: LiveOptions) {
    this.#shown = ensemble;
    this.ensemble = new LiveEnsemble(ensemble, options);
  }

  async list(): Promise<readonly EnsembleResource[]> {
    await this.ensemble.refresh();
    const { ensemble } = this.ensemble.feed;
    return ensemble === null ? [] : [ensemble];
  }

  all(): readonly SourcedEnsemble[] {
    return [this.ensemble];
  }

  find(name: string): SourcedEnsemble {
    const { id, name: own } = this.#shown;
    if (name === id || name === own) return this.ensemble;
    throw new Fault(
      status.NOT_FOUND,
      `no ensemble is called '${name.slice(0, 100)}'${didYouMean(name, [id, own])}`,
    );
  }

  close(): void {
    this.ensemble.close();
  }
}
