/**
 * Finds all jobs that earlier processes of a run submitted. The journal shows the jobs that the job manager knows. Jobs
 * of a process that was killed may still be on their way to it: in the socket of the process, in the queues of the
 * broker's `job-ingest`, or in its last batch. So their end is awaited, and then a barrier after them.
 */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.js';
import { type EnsembleError, MemberError } from '../../errors.js';
import { counted } from '../../text/counted.js';
import type { MemberFacts, Reconciliation } from '../member.js';
import { passBarrier } from './barrier.js';
import { type Requests, requestsOf, subInstances } from './tree.js';

/** The connection of a process to Flux. */
export interface FluxFacts extends MemberFacts {
  /** The broker of the connection. */
  readonly rank: number;
  readonly pid: number;
  /** The start of the run's first process, in seconds since the epoch. */
  readonly begun: number;
  /** Identifies the instance until it is restarted; empty where it is unknown. */
  readonly instance: string;
}

const POLL_EVERY_MS = 20;
/** Time for the broker to read what a dead process has sent. */
const CLIENT_PATIENCE_MS = 30_000;
/** Time in which the queues of `job-ingest` have to get shorter. */
const INGEST_PATIENCE_MS = 60_000;
/** Time for modules of Flux to come back, as after `flux module reload`. */
const MODULE_PATIENCE_MS = 60_000;

/** Requests after which a broker has read all that a dead guest had in flight: 64 submissions at most. */
const GUEST_TURNS = 100;
/** The topic at which the session of a guest answers after a new list of its jobs. */
const GUEST_LIST = 'flux-ensemble.guest-list';

type Json = Readonly<Record<string, unknown>>;

export class FluxReconciler {
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  readonly #isTree: boolean;
  readonly #hasParent: boolean;
  readonly #isGuest: boolean;
  readonly #doubts: string[] = [];

  /**
   * With `isTree`, the jobs of sub-instances are searched for, too: only these without `hasParent`. A guest of the instance
   * owns its sub-instances.
   */
  constructor(
    engine: Engine,
    signal: AbortSignal,
    { isTree = false, hasParent = true, isGuest = false } = {},
  ) {
    this.#engine = engine;
    this.#signal = signal;
    this.#isTree = isTree;
    this.#hasParent = hasParent;
    this.#isGuest = isGuest;
  }

  /**
   * Resolves when the engine has taken in all jobs of the process with the facts `before`. Rejects when the signal is
   * aborted, also while a request waits for its answer.
   */
  async reconcile(before: FluxFacts | null, now: FluxFacts): Promise<Reconciliation> {
    const done = new AbortController();
    const aborted = once(this.#signal, 'abort', { signal: done.signal });
    const over = aborted.then(() => this.#signal.throwIfAborted() as never);
    try {
      return await Promise.race([this.#reconcile(before, now), over]);
    } finally {
      done.abort();
    }
  }

  async #reconcile(before: FluxFacts | null, now: FluxFacts): Promise<Reconciliation> {
    const { rank, pid, instance } = before ?? { ...now, pid: null };
    const lost = instance !== now.instance;
    // A new instance never got what was on its way to another one.
    const former = pid === now.pid ? null : pid;
    if (!lost && this.#hasParent) await this.#awaitSubmissions(this.#engine.source, rank, former);
    await this.#awaitStream();
    if (!this.#isTree) return { lost, doubts: this.#doubts };
    for (const { adopted, state, instance } of await subInstances(this.#engine.source)) {
      if (!adopted || state === 'dead') continue;
      const requests = requestsOf(this.#engine.source, instance);
      await this.#awaitSubmissions(requests, 0, former);
      // The events before the answer have been taken in. A sub-instance that is gone has no more of them.
      await this.#request(requests, 'job-manager.stats-get', {}).catch(() => {});
    }
    // Jobs that no sub-instance knows were in one that is gone.
    return { lost: true, doubts: this.#doubts };
  }

  async #awaitSubmissions(source: Requests, rank: number, pid: number | null): Promise<void> {
    const isGuest = this.#isGuest && source === this.#engine.source;
    if (isGuest) {
      await this.#awaitTurns(rank);
    } else if (pid !== null) {
      const words = () => `process ${pid} was still connected to Flux`;
      await this.#poll(CLIENT_PATIENCE_MS, words, () => this.#clients(source, rank, pid));
    }
    // Twice in a row, because a job between two of the queues is in neither.
    let empty = 0;
    await this.#poll(
      INGEST_PATIENCE_MS,
      () => 'jobs still waited for the validators of Flux',
      async () => {
        const queued = await this.#queued(source, rank);
        empty = queued === 0 ? empty + 1 : 0;
        return empty === 2 ? 0 : Math.max(queued, 1);
      },
    );
    let refusal: string | null = null;
    await this.#poll(
      MODULE_PATIENCE_MS,
      () => `no submission reached the job manager (${refusal})`,
      async () => {
        refusal = await passBarrier(source, isGuest ? null : rank);
        return refusal === null ? 0 : 1;
      },
    );
  }

  /** The job manager answers in order, so its answer comes after the events before it. */
  async #awaitStream(): Promise<void> {
    // The list has what the job manager told before it refused the barrier.
    if (this.#isGuest) await this.#engine.source.request(GUEST_LIST, '{}');
    const followed = await this.#poll(
      MODULE_PATIENCE_MS,
      () => 'the stream of job events was still interrupted',
      async () => {
        if (this.#hasParent) await this.#request(this.#engine.source, 'job-manager.stats-get', {});
        return (await this.#engine.status()).backlogOver ? 0 : 1;
      },
    );
    if (!followed) throw new MemberError('Flux does not send the events of its jobs');
  }

  /**
   * A guest may not ask for the connections of a broker. A broker takes one message of each connection in turn, so
   * requests that are answered one after the other let it read what a dead process has sent.
   */
  async #awaitTurns(rank: number): Promise<void> {
    for (let turn = 0; turn < GUEST_TURNS; turn++) {
      this.#signal.throwIfAborted();
      await this.#request(this.#engine.source, 'attr.get', { name: 'rank' }, rank).catch(() => {});
    }
  }

  /** Connections of a process to the broker of a rank. */
  async #clients(source: Requests, rank: number, pid: number): Promise<number> {
    const { server } = (await this.#request(source, 'connector-local.stats-get', {}, rank)) as {
      server?: { clients?: readonly { pid?: unknown }[] };
    };
    return server?.clients?.filter((client) => client.pid === pid).length ?? 0;
  }

  /** Jobs in the queues of `job-ingest` of a rank. */
  async #queued(source: Requests, rank: number): Promise<number> {
    const { pipeline } = (await this.#request(source, 'job-ingest.stats-get', {}, rank)) as {
      pipeline?: Readonly<Record<string, { backlog?: number } | null>> | null;
    };
    return Object.values(pipeline ?? {}).reduce((sum, queue) => sum + (queue?.backlog ?? 0), 0);
  }

  /**
   * Polls until nothing is left. Gives up when it has not become less for some time: then the words are a doubt, and it
   * resolves with false. A broker that is gone has nothing left.
   */
  async #poll(patience: number, words: () => string, left: () => Promise<number>): Promise<boolean> {
    let least = Number.POSITIVE_INFINITY;
    let changed = performance.now();
    for (;;) {
      this.#signal.throwIfAborted();
      const now = await left().catch((error: EnsembleError) => {
        if (error.code !== 'ERR_MEMBER') throw error;
        return error.message.endsWith('[EHOSTUNREACH]') ? 0 : Number.POSITIVE_INFINITY;
      });
      if (now === 0) return true;
      if (now < least) changed = performance.now();
      least = Math.min(least, now);
      if (performance.now() - changed > patience) break;
      await sleep(POLL_EVERY_MS);
    }
    const time = counted(patience / 1000, 'second');
    this.#doubts.push(`${words()} after ${time}, so jobs that Flux has already may be submitted again`);
    return false;
  }

  async #request(source: Requests, topic: string, request: Json, rank?: number): Promise<Json> {
    return JSON.parse(await source.request(topic, JSON.stringify(request), rank)) as Json;
  }
}

/** Returns the facts of an earlier process; null for none, and for those of another version. */
export function readFacts(facts: MemberFacts | null): FluxFacts | null {
  const { rank, pid, instance, begun } = facts ?? {};
  return typeof rank === 'number' && typeof pid === 'number' && typeof instance === 'string'
    ? { rank, pid, instance, begun: typeof begun === 'number' ? begun : 0 }
    : null;
}
