/**
 * The native addon, typed. `Engine`, `NativeSource` and `CommandChannel` are the only users.
 *
 * Rules of this boundary, and their reasons:
 * - Only plain data crosses: numbers, strings, booleans, bigint job ids, typed arrays, and arrays and objects of these. The
 *   engine's thread then never waits for JavaScript, and a value of a wrong type is an error, never a crash.
 * - Every property is present, `null` where there is no value. A missing optional property looks like a misspelled or
 *   forgotten one; the native reader refuses a property that is missing.
 * - Defaults and checks with a message for users are in TypeScript. The native side checks types and ranges only.
 * - Tables that both sides need (counts, statistics, event names) are exported by the addon and compared when it is loaded.
 * - `native/abi.json` holds the number of this interface; both sides read it. Change it with every change of the interface.
 */

import { createRequire } from 'node:module';
import { EnsembleError } from '../errors.js';
import { ASKED_STATISTICS, COUNTS, quantileOf, STATISTICS } from '../model/metric-names.js';
import type { EngineStatus } from '../model/metrics.js';
import { packageFile } from '../text/package-file.js';
import { addonPath } from './native-files.js';
import type { EnginePlan, NativeStatistic, PlanMetric, PlanRule, SubmitPortion } from './plan/plan.js';

/** One time that a rule's action is due. */
export interface NativeFiring {
  /** Counted from 0 in this run. */
  readonly number: number;
  /** Index of the rule. */
  readonly rule: number;
  /** The time of the event or heartbeat that made it due, in seconds since the epoch. */
  readonly timestamp: number;
  readonly job: bigint | null;
  /** Index of the group, -1 for none. */
  readonly group: number;
  /** Index of the state in which it was judged, and of the one that it led to; -1 for none. */
  readonly state: number;
  readonly goto: number;
  /** Value of the metric, for metric rules. */
  readonly value: number | null;
  /** Name of the event, of a stalled job its last one's; null where no event made the rule due. */
  readonly event: string | null;
  /** The event's context as JSON text, for rules that asked for it. */
  readonly context: string | null;
  /** All metrics as they were when the rule fired, for the same rules. */
  readonly snapshot: NativeSnapshot | null;
  /** `attributes.user.parameters` of the job as JSON text, for the same rules and groups that are remembered. */
  readonly parameters: string | null;
  /** `attributes.user.origin.entry` of the job, for the same. */
  readonly entry: number | null;
  /** `attributes.user.origin` of the job as JSON text, for the same. */
  readonly origin: string | null;
  /** The source submits the rule's jobs; their result is in `submissions`. */
  readonly submitting: boolean;
  /** The rule's condition has stopped holding: its `resolve` is due. */
  readonly resolved: boolean;
  /** The value, as JSON, of the parameter for each value of which there is a rule; null for other rules. */
  readonly by: string | null;
}

/** A failed job that is to be submitted again now. */
export interface NativeRetry {
  /** Counted from 0 in this run. */
  readonly number: number;
  /** When that was due, in seconds since the epoch. */
  readonly timestamp: number;
  /** The job that ended. */
  readonly job: bigint;
  /** Index of the group. */
  readonly group: number;
  /** Index of the entry in its group. */
  readonly entry: number;
  /** Number of earlier submissions. */
  readonly attempt: number;
  /** The job's `attributes.user.origin` and `.parameters` as JSON text. */
  readonly origin: string;
  readonly parameters: string | null;
  /** The source submits it; the result is in `submissions`. */
  readonly submitting: boolean;
}

/** Why jobs of a group failed. */
export interface NativeFailureReason {
  /** FailureKind of native/engine/failures.h. */
  readonly kind: number;
  /** Type of the exception, empty without one. */
  readonly type: string;
  /** Note of the exception, for the first job. */
  readonly note: string;
  /** Notes of other jobs differ in numbers, ids, hosts or paths. */
  readonly varies: boolean;
  /** A wait(2) status, 0 for none. */
  readonly status: number;
  /** Failed jobs with this reason that are not submitted again. */
  readonly count: number;
  /** Failed jobs with this reason that wait for their next submission. */
  readonly waiting: number;
  /** The first of the jobs that count. */
  readonly jobs: BigUint64Array;
}

/** A failed job, as an example of its reason. */
export interface NativeFailure {
  /** Index of the group, and number of the reason in the group. */
  readonly group: number;
  readonly reason: number;
  readonly job: bigint;
  /** It is to be submitted again. */
  readonly again: boolean;
  /** It had a start event. */
  readonly started: boolean;
  readonly what: NativeFailureReason;
}

export interface NativeGroupFailures {
  /** Index of the group. */
  readonly group: number;
  readonly reasons: readonly NativeFailureReason[];
}

/** Bytes that are not a journal record. */
export interface DecodeError {
  /** Bytes from the beginning of the stream. */
  readonly offset: number;
  /** Line of the stream, counted from 1. */
  readonly line: number;
  readonly reason: string;
}

/** A value that a job told under a name that its group does not have, or of another kind: the first of its name. */
export interface NativeIgnoredTell {
  /** Index of the group. */
  readonly group: number;
  readonly job: bigint;
  readonly name: string;
}

/** Mergeable streams in a row; mergeable.ts reads them. */
export interface NativeStates {
  readonly heads: Float64Array;
  readonly buckets: Float64Array;
}

export interface NativeSnapshot {
  /** For each group its fatal exceptions by type; null without exceptions. */
  readonly exceptions: readonly (Readonly<Record<string, number>> | null)[];
  /** For each group its counts, in the order of `COUNTS`. */
  readonly counts: Float64Array;
  /** For each group a row of duration and one of pending: the count, then `STATISTICS`. */
  readonly statistics: Float64Array;
  /** The same for each probe variable, by group. */
  readonly probes: Float64Array;
  /** Values of the metrics that the plan lists; NaN for a missing value. */
  readonly metrics: Float64Array;
  /** For each group its duration and pending streams; null where the plan asks for no sketches. */
  readonly states: NativeStates | null;
  readonly status: EngineStatus;
}

/** The state of the rules. */
export interface NativeRules {
  /** For each rule a number for each of `RULE_COLUMNS` in rule-report.ts. */
  readonly rows: Float64Array;
  /** Values of the metrics that the plan lists; NaN for a missing value. */
  readonly metrics: Float64Array;
  /** The values of each parameter of `EnginePlan.splits`. */
  readonly splits: readonly NativeSplit[];
}

/** The values of a parameter by which rules and metrics are divided. */
export interface NativeSplit {
  /** As JSON, in the order in which they came. */
  readonly values: readonly string[];
  /** For each value those of the divided metrics, in the order of the plan; NaN for a missing value. */
  readonly metrics: Float64Array;
  /** For each value the firings of each divided rule. */
  readonly firings: Float64Array;
  /** Jobs with values beyond the limit of values, and without the parameter. */
  readonly beyond: number;
  readonly without: number;
}

/** The result of a submission of jobs. */
export interface SubmitReport {
  /** Number of the firing or the retry, in `submissions`. */
  readonly number: number;
  readonly ofRetry: boolean;
  readonly accepted: number;
  readonly refused: number;
  /** Never sent: the session was ending, or the refusal of the first job ended the submission. */
  readonly dropped: number;
  /** Reason of the first refusal. */
  readonly reason: string;
}

/** The result of a request about existing jobs. */
export interface ControlReport {
  readonly done: number;
  /** Jobs that are no longer active do not count. */
  readonly failed: number;
  readonly reason: string;
}

export interface SourceFailure {
  /** An errno's name: `EPERM`, `ECONNRESET`. */
  readonly code: string;
  readonly message: string;
}

/** The jobs of one submission of a firing with an index from `begin` to before `end`. */
export interface KnownJobs {
  /** Number of the submission among those of the firing. */
  readonly part: number;
  readonly begin: number;
  readonly end: number;
}

/** The fate of jobs that were active when the process of their run ended. */
export const LOST_JOBS = ['none', 'again', 'fail'] as const;
export type LostJobs = (typeof LOST_JOBS)[number];

/** The content of a restored run's log. */
export interface NativeRestored {
  /** Why the log can't be read; empty when it was read. */
  readonly error: string;
  /** The log has the start of the run. */
  readonly started: boolean;
  /** Rules no longer fire. */
  readonly ended: boolean;
  /** The last process was interrupted. */
  readonly interrupted: boolean;
  /** The last time in the log, in seconds since the epoch. */
  readonly latest: number;
  /** Number of this process among those that drove the run, counted from 1; 0 without a log of its own. */
  readonly epoch: number;
  /** Firings whose action is not done, in their order, with the notes about them. */
  readonly firings: readonly { readonly firing: NativeFiring; readonly notes: readonly string[] }[];
  /** The notes about no firing, in their order. */
  readonly notes: readonly string[];
  readonly jobs: number;
  readonly active: number;
  readonly retrying: number;
  readonly events: number;
  /** The time that it took. */
  readonly seconds: number;
  /** Words for what of the log is lost; empty for nothing. */
  readonly damage: string;
  /** The state after the segment of this number came from a checkpoint; 0 when all came from the log. */
  readonly checkpoint: number;
  /** The time of the checkpoint, in seconds since the epoch; 0 without one. */
  readonly begins: number;
}

export interface FluxOptions {
  /** libflux-core: a soname and paths, of which the first that can be opened is taken. */
  readonly libraries: readonly string[];
  readonly uri: string | null;
  /** Names of the requested events; empty for all. */
  readonly allow: readonly string[];
  /**
   * Maximum number of inactive jobs with which the stream begins. If Flux keeps more, it begins without them: sending
   * them blocks the job manager for all users.
   */
  readonly inactiveJobs: number;
  /**
   * The stream of a guest begins with the inactive jobs that were submitted after this time, the beginning of the run;
   * in seconds since the epoch.
   */
  readonly begun: number;
  /** `SourceFacts.instance` of the run's last process; null for none. */
  readonly instance: string | null;
  /** Only the first job of a jobspec passes the validator, where the instance is ours. */
  readonly validateOnce: boolean;
  /** Maximum number of requests in flight. */
  readonly window: number;
  /** Run the jobs in sub-instances, which are jobs of the instance. Null without. */
  readonly tree: TreeOptions | null;
  /** Deliver the records as they arrive. */
  readonly tap: boolean;
}

/** A tree of Flux instances. */
export interface TreeOptions {
  /** The run's id. */
  readonly run: string;
  /** Sub-instances that run at once. */
  readonly instances: number;
  /** Nodes of each sub-instance, and cores of each of them. 0 and 0: its share of the instance's resources. */
  readonly nodes: number;
  /** 0 for whole nodes. */
  readonly cores: number;
  /** Jobs after which a sub-instance is replaced; 0 for never. */
  readonly recycle: number;
  /** The jobspec of a sub-instance: its members after `resources`, up to those of `attributes.user`; and the rest. */
  readonly head: string;
  readonly tail: string;
  /** The run goes on, so it may have sub-instances. */
  readonly resumed: boolean;
  /** Seconds from the start of its job until a sub-instance must be up. */
  readonly startPatience: number;
  /** The sub-instances are jobs of another workload manager, which JavaScript starts. Null for jobs of the instance. */
  readonly pilots: PilotTimes | null;
}

/** How pilots come and go. */
export interface PilotTimes {
  /** Seconds after which a pilot without jobs is ended. */
  readonly idle: number;
  /** Seconds before its end in which a pilot gets no jobs. */
  readonly margin: number;
  /** The name of the workload manager. */
  readonly manager: string;
  /** Where to look when pilots end early: the end of a sentence. */
  readonly hint: string;
}

/** Facts about an open Flux instance. */
export interface SourceFacts {
  /** The broker of this connection. */
  readonly rank: number;
  /** Identifies the instance until it is restarted; empty where it is unknown. */
  readonly instance: string;
  /** It is not the instance of the options. */
  readonly another: boolean;
  /** Number of inactive jobs that it keeps; 0 where it is unknown. */
  readonly inactiveJobs: number;
  /** The stream begins with them. */
  readonly full: boolean;
  /** The instance is of another user, who alone may follow its journal: lists of jobs are polled in its place. */
  readonly guest: boolean;
}

export interface NativeAnswer {
  readonly number: number;
  readonly value: unknown;
  readonly failure: SourceFailure | null;
}

/** The engine requests the next times of a cron rule, after `after` (seconds since the epoch). */
export interface TimeRequest {
  readonly rule: number;
  readonly after: number;
}

export interface NativeOutbox {
  readonly answers: readonly NativeAnswer[];
  readonly firings: readonly NativeFiring[];
  readonly retries: readonly NativeRetry[];
  /** Failed jobs, some examples of each reason. */
  readonly failures: readonly NativeFailure[];
  readonly submissions: readonly SubmitReport[];
  readonly decodeErrors: readonly DecodeError[];
  readonly ignoredTells: readonly NativeIgnoredTell[];
  /** Groups (by index) that a rule watches and that have become idle, as far as the engine knows. */
  readonly idleGroups: readonly number[];
  /** `supplyTimes` answers it; in virtual time the engine waits for the answer. */
  readonly timeRequests: readonly TimeRequest[];
  /** Rules that were added to the run that is restored. The engine waits for each in `supplyRule`. */
  readonly ruleRequests: readonly string[];
  /** The source's records, one a line, when tapped. */
  readonly records: Uint8Array | null;
  /** The source failed after it was open. */
  readonly failure: SourceFailure | null;
  /** The run's log has ended before the run: the operation, the file and the reason. */
  readonly logFailure: string | null;
  /** Why no more checkpoints of the run are made; null otherwise. */
  readonly logProblem: string | null;
  /** Names of groups that the plan does not list, in the order of their indexes. */
  readonly newGroups: readonly string[];
  readonly eventsWaiting: boolean;
  /**
   * The source's last active job has ended and no submission is in flight, or time alone makes no rule due any
   * more.
   */
  readonly quiet: boolean;
}

export interface NativeEventBatch {
  /** As in an outbox. */
  readonly newGroups: readonly string[];
  readonly ids: BigUint64Array;
  readonly timestamps: Float64Array;
  readonly kinds: Uint16Array;
  readonly groups: Int32Array;
  readonly newKinds: readonly string[];
  readonly dropped: number;
}

/** The first argument of a command is a number, under which `take()` returns the answer. */
/** The budgets that were reached. */
export interface NativeReachedLimits {
  /** `limit` is an index of the plan's limits; `time` in seconds since the epoch. */
  readonly limits: readonly { readonly limit: number; readonly time: number }[];
  /** By group, the jobs that were not submitted since then. */
  readonly withheld: readonly number[];
}

export interface NativeEngine {
  start(number: number, now: number): void;
  /** Answers with NativeRestored. */
  restore(number: number, folder: string, keepFirings: boolean): void;
  resume(number: number, now: number): void;
  /** `lost`: index of one of `LOST_JOBS`. */
  reconciled(number: number, lost: number): void;
  knownJobs(number: number, firing: number, fromOutside: boolean): void;
  note(number: number, firing: number | null, text: string): void;
  done(number: number, firing: number): void;
  interrupted(number: number): void;
  supplyRule(rule: PlanRule, metrics: readonly PlanMetric[]): void;
  ingest(number: number, bytes: Uint8Array): void;
  finishStream(number: number): void;
  tick(number: number, now: number): void;
  advance(number: number, until: number): void;
  /** `text` is for the log, and comes back in `ruleRequests`. */
  addRule(number: number, rule: PlanRule, metrics: readonly PlanMetric[], text: string): void;
  goTo(number: number, state: number): void;
  /** With the firing of the probe's rule, and its job, the firing is done. */
  probed(
    number: number,
    group: number,
    first: number,
    values: Float64Array,
    time: number,
    firing: number | null,
    job: bigint | null,
    parameters: string | null,
  ): void;
  end(number: number): void;
  pause(number: number, on: boolean): void;
  /** `group` by index. The answer is a number of jobs; see `Engine.admit`. */
  admit(number: number, ticket: number, group: number, count: number, urgency: number): void;
  admitMore(number: number, ticket: number, lost: number): void;
  setQueuedUrgency(number: number, group: number, urgency: number): void;
  addUnmade(number: number, group: number, change: number): void;
  setWindow(number: number, active: number): void;
  /** `parameter` and `value` as in activeJobs(). */
  dropQueued(number: number, group: number, parameter: string | null, value: string | null): void;
  /** Seconds since the epoch for `end`; NaN for what is unknown. */
  setAllocation(number: number, size: number, end: number): void;
  groupDone(number: number, group: number): void;
  endOfRun(number: number): void;
  limits(number: number): void;
  status(number: number): void;
  snapshot(number: number): void;
  rules(number: number): void;
  failures(number: number): void;
  /** `value` is one, as JSON, of a parameter by which the group is divided; null for all jobs of the group. */
  activeJobs(number: number, group: number, parameter: string | null, value: string | null): void;
  openFlux(number: number, options: FluxOptions): void;
  closeSource(number: number): void;
  submit(
    number: number,
    portion: SubmitPortion,
    rule: number,
    firing: number,
    part: number,
    firstIndex: number,
    attempt: number,
  ): void;
  cancel(number: number, ids: BigUint64Array, note: string): void;
  setUrgency(number: number, ids: BigUint64Array, urgency: number): void;
  ask(number: number, topic: string, json: string, rank: number | null): void;
  /** Requests more events: the names of all of them, or none for all events. */
  widen(number: number, names: readonly string[]): void;
  take(): NativeOutbox | undefined;
  takeEvents(): NativeEventBatch | undefined;
  supplyTimes(rule: number, times: Float64Array): void;
  gatherEvents(capacity: number, hold: boolean): void;
  hold(on: boolean): void;
  close(): void;
}

export interface NativeSummary {
  observe(values: Float64Array): void;
  row(): Float64Array;
  /** NaN without a value. `quantile` is from 0 to 1. */
  get(statistic: NativeStatistic, quantile: number): number;
  /** The observations in mergeable form. */
  state(): NativeStates;
}

/** The jobs of a run as columns of one length, in the order of their submissions. */
export interface NativeJobColumns {
  readonly ids: BigUint64Array;
  /** Names of the groups, and for each job the index of one. */
  readonly groups: readonly string[];
  readonly group: Uint32Array;
  /** Index of the job's entry in its group; -1 when it is unknown. */
  readonly entry: Int32Array;
  /** Number of earlier submissions. */
  readonly attempt: Uint32Array;
  /** Index of the rule that submitted the job; -1 for a request from outside, -2 when it is unknown. */
  readonly rule: Int32Array;
  /**
   * Number of the rule's firing, of the submission among those of the firing (counted from 0), and the job's index among
   * the jobs of the submission. The first and the last are NaN when they are unknown.
   */
  readonly firing: Float64Array;
  readonly part: Uint32Array;
  readonly index: Float64Array;
  /** Times of the job's first events of these names, in seconds since the epoch; NaN for none. */
  readonly submit: Float64Array;
  readonly start: Float64Array;
  readonly finish: Float64Array;
  readonly clean: Float64Array;
  /** A wait(2) status; -1 when it is unknown. */
  readonly status: Int32Array;
  /** Index of one of `JOB_RESULTS`. */
  readonly result: Uint8Array;
  /** Texts, the first of which is empty, and for each job indexes of texts. */
  readonly texts: readonly string[];
  /** Type and note of the gravest exception, the first among equals. */
  readonly exception: Uint32Array;
  readonly note: Uint32Array;
  /** `attributes.user.parameters` as JSON. */
  readonly parameters: Uint32Array;
  /** A hostlist (RFC 29): `node[1-4],login1`. */
  readonly hosts: Uint32Array;
  /** Measured values, in their order: the row, the number of the variable among those of the group's probes, the value. */
  readonly measuredRow: Uint32Array;
  readonly measuredVariable: Uint32Array;
  readonly measuredValue: Float64Array;
  /** The last texts that jobs told: the row, the number of the name among those of the group, the index of the text. */
  readonly toldRow: Uint32Array;
  readonly toldName: Uint32Array;
  readonly toldText: Uint32Array;
  /** Texts of the rules that were added during the run, as `addRule` got them. */
  readonly addedRules: readonly string[];
}

/** Results of jobs by their numbers in `NativeJobColumns`. */
export const JOB_RESULTS = [
  'active',
  'completed',
  'failed',
  'canceled',
  'timeout',
  'refused',
  'unknown',
  // It ended with the process of its run, or with its Flux instance.
  'lost',
] as const;

/** A run's log. */
export interface NativeRunLog {
  readonly jobs: NativeJobColumns;
  readonly frames: number;
  readonly bytes: number;
  /** Bytes outside of valid frames. */
  readonly lostBytes: number;
  /** Bytes that were written when the process or its host ended. */
  readonly tornBytes: number;
  /** Whole frames that can't be understood. */
  readonly unreadableFrames: number;
  /** Words for what is lost, empty for nothing. */
  readonly damage: string;
}

/** Where and how the log of a run is written. Numbers are in bytes. */
export interface NativeLogOptions {
  readonly folder: string;
  /** Nothing leaves the engine before what it depends on is on the disk. */
  readonly survivesHost: boolean;
  /** Segments that a checkpoint stands for are removed while the log is larger; null for the default, 1 GiB. */
  readonly keep: number | null;
  /** The size at which the next segment begins; null for the default, 16 MiB. */
  readonly segmentSize: number | null;
}

export interface Addon {
  /** Changes with every change of these interfaces. */
  readonly abi: number;
  /**
   * `log` is null for a run without one. An engine that `restores` begins with restore().
   */
  readonly Engine: new (
    plan: EnginePlan,
    wake: () => void,
    log: NativeLogOptions | null,
    restores: boolean,
  ) => NativeEngine;
  /** Reads the log in a folder, also while a run writes it. Rejects with an error of code `ERR_FILE`. */
  readonly readRunLog: (folder: string) => Promise<NativeRunLog>;
  /** `sketch`: keeps a sketch. `window` is a number of observations, 0 for no window. */
  readonly Summary: new (
    sketch: boolean,
    window: number,
  ) => NativeSummary;
  /** `COUNTS`, as the engine numbers them. */
  readonly countNames: readonly string[];
  /** All statistics by their names in plans, as the engine numbers them. */
  readonly statisticNames: readonly string[];
  /** How many of them, from the first one on, every stream keeps: `STATISTICS`. */
  readonly keptStatistics: number;
  /** RFC 21 event names by the number in a batch's `kinds`. */
  readonly eventNames: readonly string[];
  /** Numbers from here on are names that are not in RFC 21. */
  readonly firstNamedKind: number;
}

const require = createRequire(import.meta.url);
const abiPath = packageFile('native/abi.json');

const REMEDY =
  'it is built for one Node version and machine: run `npm rebuild flux-ensemble`, ' +
  'or `npm run build` in a checkout';

/** The statistics that a plan can name and that are not kept for every stream. */
const requested = new Set<string>(
  ASKED_STATISTICS.map((name) => (quantileOf(name) === null ? name : 'quantile')),
);

/** The tables of the addon that differ from those of this package, in words. */
function* differences({ countNames, statisticNames, keptStatistics }: Addon): Generator<string> {
  const tables = [
    ['counts', countNames, COUNTS],
    ['kept statistics', statisticNames.slice(0, keptStatistics), STATISTICS],
    // These are looked up by name, so their order does not matter.
    ['other statistics', statisticNames.slice(keptStatistics).toSorted(), [...requested].toSorted()],
  ] as const;
  for (const [what, native, ours] of tables) {
    if (native.join() !== ours.join()) {
      yield `its ${what} are ${native.join(', ')}; this package needs ${ours.join(', ')}`;
    }
  }
}

/**
 * Loads the addon for this machine, or the one at `path`. May be called in any number of worker threads. Throws
 * EnsembleError `ERR_ADDON` when it can't be loaded, or when its interface, counts or statistics are not those of this
 * package.
 */
export function loadAddon(path: string = addonPath()): Addon {
  let addon: Addon;
  let abi: number;
  try {
    abi = require(abiPath) as number;
    addon = require(path) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new EnsembleError('ERR_ADDON', `the native addon ${path} can't be loaded (${reason}); ${REMEDY}`, {
      cause,
    });
  }
  const [difference] = addon.abi === abi ? differences(addon) : [''];
  if (difference === undefined) return addon;
  const detail = difference === '' ? '' : ` (${difference})`;
  throw new EnsembleError(
    'ERR_ADDON',
    `the native addon ${path} belongs to another version of this package${detail}; ${REMEDY}`,
  );
}
