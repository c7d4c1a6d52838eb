/** The state of one run, kept up to date by its events. Nothing is kept for single jobs. */

import type { ChangeMessage, StateMessage } from '../schemas/change.js';
import type { EnsembleResource } from '../schemas/ensemble.js';
import type { FailuresOfGroup } from '../schemas/failure.js';
import type { GroupResource } from '../schemas/group.js';
import type { FiringResource, ProblemResource } from '../schemas/happening.js';
import type { RuleResource } from '../schemas/rule.js';
import type { Client } from './client.js';
import { type Shares, sharesOf } from './counts.js';
import type { ServerEvent } from './event-parser.js';
import { type ConnectionState, followEvents } from './events.js';
import { Observable } from './observable.js';
import { RateMeter } from './rate.js';

/** Firings and problems that are kept. */
const ITEMS_KEPT = 200;
/** Milliseconds between two updates of the views. */
const PACE = 300;

export interface Connection {
  readonly state: ConnectionState;
  readonly detail: string | null;
  /** Milliseconds since the epoch. */
  readonly retryAt: number | null;
}

export class FollowedRun extends Observable {
  readonly id: string;
  ensemble: EnsembleResource | null = null;
  readonly groups = new Map<string, GroupResource>();
  readonly rules = new Map<number, RuleResource>();
  readonly failures = new Map<string, FailuresOfGroup>();
  metrics: Readonly<Record<string, number | null>> = {};
  /** Oldest first. */
  firings: readonly FiringResource[] = [];
  problems: readonly ProblemResource[] = [];
  connection: Connection = { state: 'connecting', detail: null, retryAt: null };
  readonly #rates = new RateMeter();
  #stop = new AbortController();
  #pace: ReturnType<typeof setTimeout> | null = null;
  #lastShown = 0;

  constructor(id: string) {
    super();
    this.id = id;
  }

  /** Follows the run until `close` is called. */
  open(client: Client): void {
    void followEvents(client, this.id, this.#stop.signal, {
      event: (event) => this.take(event),
      state: (state, detail, retryAt) => {
        this.connection = { state, detail, retryAt };
        this.#show();
      },
    });
  }

  close(): void {
    this.#stop.abort();
    if (this.#pace !== null) clearTimeout(this.#pace);
  }

  /** Jobs that end a second; null for an unknown rate. */
  get rate(): number | null {
    if (this.ensemble === null) return null;
    const { counts, elapsed, updated } = this.ensemble;
    return this.#rates.rate(updated, sharesOf(counts).done, elapsed);
  }

  /** Takes one event of the stream. */
  take({ event, data }: ServerEvent): void {
    const value: unknown = JSON.parse(data);
    if (event === 'state') this.#replace(value as StateMessage);
    else if (event === 'change') this.#change(value as ChangeMessage);
    else if (event === 'firing') this.firings = appended(this.firings, value as FiringResource);
    else if (event === 'problem') this.problems = appended(this.problems, value as ProblemResource);
    else if (event === 'end') this.#setEnsemble(value as EnsembleResource);
    this.#show();
  }

  #replace(state: StateMessage): void {
    this.groups.clear();
    this.rules.clear();
    this.failures.clear();
    this.metrics = {};
    this.#change(state);
    this.firings = state.firings ?? [];
    this.problems = state.problems ?? [];
  }

  #change({ ensemble, groups = [], rules = [], failures = [], metrics }: ChangeMessage): void {
    this.#setEnsemble(ensemble);
    for (const group of groups) this.groups.set(group.name, group);
    for (const rule of rules) this.rules.set(rule.rule, rule);
    for (const each of failures) this.failures.set(each.group, each);
    if (metrics !== undefined) this.metrics = { ...this.metrics, ...metrics };
  }

  #setEnsemble(ensemble: EnsembleResource): void {
    this.ensemble = ensemble;
    const shares = sharesOf(ensemble.counts);
    this.#rates.add(ensemble.updated, shares.done);
    this.counted(ensemble.updated, shares);
  }

  /** Takes the numbers of jobs at a time, in seconds since the epoch. */
  protected counted(_time: number, _shares: Shares): void {}

  /** Wakes the views, at most a few times a second. */
  #show(): void {
    if (this.#pace !== null) return;
    const wait = Math.max(0, this.#lastShown + PACE - performance.now());
    this.#pace = setTimeout(() => {
      this.#pace = null;
      this.#lastShown = performance.now();
      this.emit();
    }, wait);
  }
}

function appended<Item>(items: readonly Item[], item: Item): readonly Item[] {
  return [...items.slice(1 - ITEMS_KEPT), item];
}
