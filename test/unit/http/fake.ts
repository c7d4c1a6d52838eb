/** An ensemble that does what a test says, and its HTTP API without a network. */

import type { Admit } from '../../../src/api/access.js';
import { type Api, makeApi } from '../../../src/api/app.js';
import { LiveSource, type ShownEnsemble } from '../../../src/api/sources/live.js';
import { configFromObject } from '../../../src/config/load.js';
import { emptyState, merge } from '../../../src/engine/mergeable.js';
import { ActionError, EnsembleError } from '../../../src/errors.js';
import type { GroupFailures } from '../../../src/model/failure.js';
import type { Firing } from '../../../src/model/firing.js';
import { COUNTS, type Count } from '../../../src/model/metric-names.js';
import type { GroupMetrics, MetricsSnapshot, StreamState } from '../../../src/model/metrics.js';
import { Broadcast } from '../../../src/run/broadcast.js';
import type { RunEnding } from '../../../src/run/end-of-run.js';
import { type ExternalAction, externalFiring, readExternal } from '../../../src/run/external-actions.js';
import type { RunResult } from '../../../src/run/result.js';
import type { RuleNow } from '../../../src/run/rules-now.js';
import type { AuditEntry } from '../../../src/service/audit.js';
import { Fault } from '../../../src/service/fault.js';
import { status } from '../../../src/service/status-code.js';

const noValues = { mean: null, variance: null, min: null, max: null, iqr: null, mad: null } as const;
const noQuartiles = { q25: null, q50: null, q75: null } as const;

export function groupOf(counts: Partial<Record<Count, number>> = {}): GroupMetrics {
  const count = { ...Object.fromEntries(COUNTS.map((name) => [name, 0])), ...counts } as Record<
    Count,
    number
  >;
  const none = { count: 0, ...noValues, ...noQuartiles };
  return { count, exceptions: {}, duration: none, pending: none };
}

/** The state of a stream with these numbers of the bucket of 1, at scale 6. */
export const ones = (count: number): StreamState =>
  count === 0
    ? emptyState
    : merge(emptyState, {
        ...{ ...emptyState, count, mean: 1, min: 1, max: 1, sum: count },
        ...{ first: -1, buckets: Float64Array.of(count) },
      });

export class FakeEnsemble implements ShownEnsemble {
  readonly id = 'study-0123456789ab';
  readonly name = 'study';
  readonly config = configFromObject({
    jobs: [{ name: 'a', command: 'true' }],
    rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
  }).config;
  readonly memberName = 'fake';
  started: number | null = 1_700_000_000;
  ending: RunEnding | null = null;
  result: RunResult | null = null;
  runFolder: string | null = null;
  paused = false;
  get running(): boolean {
    return this.started !== null && this.ending === null;
  }
  size: number | null = 4;
  state: string | null = null;
  groups = new Map([['a', groupOf({ submitted: 2, running: 2 })]]);
  named = new Map<string, number | null>([['p95.a-duration', null]]);
  sketches = true;
  rulesNow: RuleNow[] = [];
  failed = new Map<string, GroupFailures>();
  readonly requested: [ExternalAction, string][] = [];
  /** How often the engine was asked. */
  snapshots = 0;
  /** After `close()`. */
  closed = false;
  /** The next snapshot fails with it. */
  broken: Error | null = null;
  readonly #firings = new Broadcast<Firing>();
  readonly #problems = new Broadcast<EnsembleError>();
  #number = 0;

  async metrics(): Promise<MetricsSnapshot> {
    this.snapshots++;
    if (this.broken !== null) throw this.broken;
    if (this.closed) throw new EnsembleError('ERR_CLOSED', 'the engine is closed');
    const states = new Map(
      [...this.groups.keys()].map((name) => [name, { duration: ones(3), pending: ones(0) }]),
    );
    const zero = {
      logLag: 0.5,
      records: 0,
      decodeErrors: 0,
      negativeIntervals: 0,
      ignoredTells: 0,
      lostJobs: 0,
      earliest: 0,
      latest: 0,
    };
    return {
      groups: new Map(this.groups),
      named: this.named,
      states: this.sketches ? states : null,
      status: {
        ...{
          ...zero,
          activeJobs: 2,
          submitting: 0,
          queued: 0,
          retrying: 0,
          timeCouldFire: false,
          ended: false,
        },
        ...{ backlogOver: true, state: this.state, events: 9, trackedEvents: 9, firings: this.#number },
      },
    };
  }

  rules = async () => {
    if (this.closed) throw new EnsembleError('ERR_CLOSED', 'the engine is closed');
    return this.rulesNow;
  };
  failures = async () => this.failed;
  firings = () => this.#firings.subscribe();
  problems = () => this.#problems.subscribe();

  async act(action: ExternalAction, askedBy: string) {
    this.requested.push([action, askedBy]);
    if (action.name !== 'pause') readExternal(action, this.config);
    if (action.name === 'shrink') throw new ActionError('nothing is left to shrink', -1);
    return { text: `did ${action.name}`, before: null, after: null };
  }

  fire(count = 1): void {
    const action = readExternal({ name: 'submit', label: 'a' }, this.config);
    for (let i = 0; i < count; i++) this.#firings.push(externalFiring(action, 'test', this.#number++, 5));
  }

  report(message: string): void {
    this.#problems.push(new EnsembleError('ERR_ACTION', message));
  }

  async end(): Promise<void> {
    this.ending = { end: 'idle', error: null, by: null };
    const metrics = await this.metrics();
    this.result = {
      ...this.ending,
      rules: [],
      searches: [],
      skipped: new Map(),
      limits: { reached: [], withheld: new Map() },
      left: [],
      metrics,
      failedJobs: 0,
      failures: this.failed,
      requests: {},
    };
    this.#firings.end();
    this.#problems.end();
  }
}

export interface FakeApi {
  readonly ensemble: FakeEnsemble;
  readonly source: LiveSource;
  readonly api: Api;
  readonly audit: AuditEntry[];
  readonly log: string[];
  /** Sends a request with a Host of its own. */
  request(path: string, init?: RequestInit & { host?: string }): Promise<Response>;
  /** The credentials of all callers are no longer valid. */
  refuse(): void;
  /** The JSON of a resource. */
  get(path: string): Promise<Record<string, unknown>>;
}

export function fakeApi({
  role = 'operator',
  interval = 0.01,
  maxStreams = 256,
}: {
  role?: 'operator' | 'viewer';
  interval?: number;
  maxStreams?: number;
} = {}): FakeApi {
  const ensemble = new FakeEnsemble();
  const source = new LiveSource(ensemble, { version: '0', interval, configuration: 'jobs: []\n' });
  const audit: AuditEntry[] = [];
  const log: string[] = [];
  const refusing = new Set<(fault: Fault) => void>();
  const admit: Admit = () => ({
    caller: { who: 'token:alice', peer: 'unix', role },
    keepChecking: (refuse) => {
      refusing.add(refuse);
      return () => refusing.delete(refuse);
    },
  });
  const api = makeApi({
    ...{ source, admit, version: '0', maxStreams },
    hosts: (name) => name === 'hpc.example.org',
    audit: { action: (entry) => audit.push(entry) },
    log: (text) => log.push(text),
  });
  const request = async (
    path: string,
    { host = 'localhost', headers, ...init }: RequestInit & { host?: string } = {},
  ) =>
    api.app.request(`/api/v1${path}`, { ...init, headers: { host, ...(headers as Record<string, string>) } });
  return {
    ...{ ensemble, source, api, audit, log, request },
    refuse: () => {
      for (const refuse of refusing) refuse(new Fault(status.UNAUTHENTICATED, 'the token has expired'));
    },
    get: async (path) => (await (await request(path)).json()) as Record<string, unknown>,
  };
}
