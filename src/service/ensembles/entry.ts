/** The service's state of one ensemble: the latest of everything that its run has sent. */

import { COUNTS, type Count } from '../../model/metric-names.js';
import type { Parameters } from '../../model/parameters.js';
import type {
  About,
  Counts,
  EnsembleState,
  FailuresState,
  FiringMessage,
  Goodbye,
  GroupState,
  Hello,
  ProblemMessage,
  RuleState,
  Status,
  Totals,
  Update,
  ValueState,
} from './proto.js';

/** Firings that are kept of one ensemble. */
const FIRINGS_KEPT = 200;
/** Problems that are kept of one ensemble. */
const PROBLEMS_KEPT = 200;
/** Groups, rules, failures and metrics that are kept of one ensemble; further ones are left out. */
const PARTS_KEPT = 20_000;

/** Something with the number of the change that it came with. */
interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

/** An action that is requested from a run. */
export interface RunAction {
  readonly name: string;
  readonly label: string;
  readonly value?: number | undefined;
  readonly askedBy: string;
  /** Parameters of `submit`, as a file has them. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Parameters as a file has them, for messages. */
export function textsOfParameters(parameters: Parameters): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

export interface RunOutcome {
  /** A description of what was done. */
  readonly text: string;
  /** Sizes, where one was changed. */
  readonly before: number | null;
  readonly after: number | null;
}

/** The session of a connected run. */
export interface RunSession {
  /** Resolves when it is done. Throws Fault. */
  act(action: RunAction): Promise<RunOutcome>;
  /** Ends the connection. */
  end(reason: string): void;
}

const noTotals: Totals = {
  records: 0,
  events: 0,
  trackedEvents: 0,
  firings: 0,
  decodeErrors: 0,
  lostJobs: 0,
  activeJobs: 0,
};

const noCounts: Counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>;

/** Returns whether the part is kept. */
function keep<Key, T>(parts: Map<Key, Versioned<T>>, key: Key, part: Versioned<T>): boolean {
  const isKept = parts.has(key) || parts.size < PARTS_KEPT;
  if (isKept) parts.set(key, part);
  return isKept;
}

export class Entry {
  /** The caller that registered it. Only this caller may register again under its id. */
  readonly owner: string;
  session: RunSession | null = null;
  hello: Hello;
  /** Milliseconds on the monotonic clock. */
  heard = performance.now();
  lost = false;
  end: Goodbye | null = null;
  /** Counts changes; parts of the entry carry the number of their last one. */
  version = 1;
  groupsLeftOut = 0;
  /** Null before the first update. */
  about: About | null = null;
  readonly #groups = new Map<string, Versioned<GroupState>>();
  readonly #rules = new Map<number, Versioned<RuleState>>();
  readonly #failures = new Map<string, Versioned<FailuresState>>();
  readonly #metrics = new Map<string, Versioned<ValueState>>();
  #problems: Versioned<ProblemMessage>[] = [];
  #firings: Versioned<FiringMessage>[] = [];
  #firingsDropped = 0;
  #update: Pick<Update, 'time' | 'state' | 'paused' | 'size' | 'totals'> = {
    time: 0,
    state: '',
    paused: false,
    totals: null,
  };

  constructor(hello: Hello, owner: string) {
    this.hello = hello;
    this.owner = owner;
  }

  get status(): Status {
    if (this.end !== null) return 'ENDED';
    if (this.lost) return 'LOST';
    return this.#update.paused ? 'PAUSED' : 'RUNNING';
  }

  /** True while the run can receive actions. */
  get live(): boolean {
    return this.end === null && !this.lost;
  }

  get size(): number | null {
    return this.#update.size ?? null;
  }

  get groups(): GroupState[] {
    return [...this.#groups.values()].map(({ value }) => value);
  }

  group(name: string): GroupState | undefined {
    return this.#groups.get(name)?.value;
  }

  get groupNames(): IterableIterator<string> {
    return this.#groups.keys();
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  take(update: Update): void {
    const version = ++this.version;
    const { groups, rules, failures, metrics, firings, firingsDropped, problems, about, ...rest } = update;
    this.#update = rest;
    this.about = about ?? this.about;
    for (const value of groups) {
      if (!keep(this.#groups, value.name, { value, version })) this.groupsLeftOut++;
    }
    for (const value of rules) keep(this.#rules, value.rule, { value, version });
    for (const value of failures) keep(this.#failures, value.group, { value, version });
    for (const value of metrics) keep(this.#metrics, value.name, { value, version });
    for (const value of problems) this.#problems.push({ value, version });
    if (this.#problems.length > PROBLEMS_KEPT) this.#problems = this.#problems.slice(-PROBLEMS_KEPT);
    for (const value of firings) this.#firings.push({ value, version });
    if (this.#firings.length > FIRINGS_KEPT) this.#firings = this.#firings.slice(-FIRINGS_KEPT);
    this.#firingsDropped += firingsDropped;
  }

  /** A run that connects again sends its whole state again. */
  begin(hello: Hello, session: RunSession): void {
    this.hello = hello;
    this.session = session;
    this.lost = false;
    this.end = null;
    this.version++;
  }

  /** As a message, with the parts that have changed since a version: 0 for all, Infinity for none. */
  state(since: number): EnsembleState {
    const { time, state, size, totals } = this.#update;
    return {
      run: this.hello,
      status: this.status,
      updated: time,
      state,
      ...(size === undefined ? {} : { size }),
      totals: totals ?? noTotals,
      counts: this.#counts(),
      groups: this.#since(this.#groups.values(), since),
      firings: this.#since(this.#firings, since),
      firingsDropped: this.#firingsDropped,
      end: this.end,
      about: this.about,
      rules: this.#since(this.#rules.values(), since),
      failures: this.#since(this.#failures.values(), since),
      metrics: this.#since(this.#metrics.values(), since),
      problems: this.#since(this.#problems, since),
    };
  }

  #counts(): Counts {
    const sum = { ...noCounts };
    for (const { value } of this.#groups.values()) {
      for (const key of COUNTS) sum[key] += value.counts?.[key] ?? 0;
    }
    return sum;
  }

  #since<T>(parts: Iterable<Versioned<T>>, since: number): T[] {
    const changed: T[] = [];
    if (since === Number.POSITIVE_INFINITY) return changed;
    for (const { value, version } of parts) if (version > since) changed.push(value);
    return changed;
  }
}
