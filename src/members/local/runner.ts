/**
 * Takes jobs from submission to their end, and emits a record of each step. Jobs of the same urgency start in order
 * of submission, without backfill: a job that does not fit blocks those after it, as in Flux's default policy.
 */

import { constants, hostname } from 'node:os';
import type { MemberError } from '../../errors.js';
import { counted } from '../../text/counted.js';
import type { Alarm, Clock } from './clock.js';
import type { LocalJob } from './job.js';
import type { KeptOutputs } from './kept-outputs.js';
import { finishStatus, isShortage, startFailure } from './outcome.js';
import type { JournalRecords } from './records.js';
import { formatIdset, SlotNumbers } from './slots.js';
import type { Spawner, SpawnerListener } from './spawner.js';
import type { JobTells } from './tells.js';
import { WaitingJobs } from './waiting.js';

const { SIGTERM, SIGKILL } = constants.signals;
const HOST = hostname();

/** Maximum starts in progress. Bounds the memory of the frames, and the work of one turn. */
const MAX_STARTING = 64;
/** Seconds between two attempts when the system refuses a process, unless a job ends earlier. */
const RETRY_SECONDS = 1;
/** Seconds after which a refused job fails. */
const RETRY_LIMIT_SECONDS = 60;

/** Starts and ends jobs, and reports to a SpawnerListener: the spawner, or a simulation of jobs. */
export type Starter = Pick<Spawner, 'ready' | 'spawn' | 'kill'>;

export interface RunnerOptions {
  readonly clock: Clock;
  readonly slots: number;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly killTimeout: number;
  readonly records: JournalRecords;
  /** Keeps outputs of jobs that name no file of their own. */
  readonly outputs?: KeptOutputs | undefined;
  /** Follows what jobs tell. */
  readonly tells?: JobTells | undefined;
  /** A job failed and was not canceled. `line` is the last line on its standard error, if known. */
  readonly onFailure?: (job: LocalJob, line: string) => void;
  /** Called whenever the last active job has ended. */
  readonly onIdle: () => void;
  readonly onFailed: (error: MemberError) => void;
}

export class Runner implements SpawnerListener {
  /** Set after the spawner has started, before the first job. */
  spawner: Starter | null = null;
  /** Whether a new job that is too large waits instead of failing. */
  growable = false;
  readonly #options: RunnerOptions;
  readonly #clock: Clock;
  readonly #records: JournalRecords;
  readonly #jobs = new Map<string, LocalJob>();
  readonly #waiting: WaitingJobs;
  /** Jobs with slots whose start will be tried again. */
  readonly #retries = new Set<LocalJob>();
  readonly #numbers = new SlotNumbers();
  #retryTimer: Alarm | null = null;
  #size: number;
  #inUse = 0;
  #starting = 0;
  #closed = false;
  #awake = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#records = options.records;
    this.#size = options.slots;
    this.#waiting = new WaitingJobs(options.slots);
    options.records.onTaken = () => this.#wake();
  }

  get size(): number {
    return this.#size;
  }

  /** The active jobs. The iterable stays valid while jobs end. */
  jobs(): Iterable<LocalJob> {
    return this.#jobs.values();
  }

  find(id: bigint): LocalJob | undefined {
    return this.#jobs.get(String(id));
  }

  get idle(): boolean {
    return this.#jobs.size === 0;
  }

  /** Adds a new job. */
  add(job: LocalJob): void {
    this.#jobs.set(job.idText, job);
    this.#records.submitted(job, job.urgency, job.batch.jobspec(job.index));
    if (!job.held) this.#enqueue(job);
  }

  /** Lets a held job join the queue. */
  release(job: LocalJob): void {
    if (!job.held || job.state !== 'pending') return;
    job.held = false;
    this.#enqueue(job);
  }

  /** Changes the number of slots. Jobs that run beyond it continue. */
  resize(size: number): void {
    this.#size = size;
    this.#waiting.resize(size);
    this.#wake();
  }

  /** The pending jobs that are larger than the member. They wait for it to grow, or for `refuseTooLarge`. */
  tooLarge(): Iterable<LocalJob> {
    return this.#waiting.tooLarge();
  }

  /** Ends a pending job that can never start. */
  refuseTooLarge(job: LocalJob): void {
    this.#waiting.remove(job);
    const { slots } = job.batch;
    const note = `unsatisfiable request: needs ${counted(slots, 'slot')}, this member has ${this.#size}`;
    this.#records.exception(job, 'alloc', note);
    this.#options.onFailure?.(job, '');
    this.#end(job);
  }

  /** Moves a pending job in the queue. Returns false for other jobs. */
  setUrgency(job: LocalJob, urgency: number): boolean {
    if (job.state !== 'pending') return false;
    this.#waiting.remove(job);
    job.urgency = urgency;
    this.#records.urgencySet(job, urgency);
    if (!job.held) this.#enqueue(job);
    return true;
  }

  /** Cancels a job. Returns false when it is already ending. With `killTimeout` null the caller sends SIGKILL. */
  cancel(job: LocalJob, note: string, killTimeout: number | null = this.#options.killTimeout): boolean {
    return this.raise(job, { type: 'cancel', note }, killTimeout);
  }

  /** Ends a job by a fatal exception of any type, as `cancel` does. */
  raise(
    job: LocalJob,
    fatal: { readonly type: string; readonly note: string },
    killTimeout: number | null = this.#options.killTimeout,
  ): boolean {
    if (job.ending) return false;
    job.ending = true;
    job.fatal = fatal;
    if (!hasProcess(job)) {
      this.#records.exception(job, fatal.type, fatal.note);
      this.#giveBack(job);
      this.#end(job);
      return true;
    }
    // The exception of a starting job waits for its `start` event, which always follows soon.
    if (job.state === 'running') this.#records.exception(job, fatal.type, fatal.note);
    this.#terminate(job, killTimeout);
    return true;
  }

  /** Stops starting jobs. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Sends SIGKILL to every job with processes. Jobs that were not canceled before receive an exception with `note`.
   */
  killAll(note: string): void {
    for (const job of this.#jobs.values()) {
      if (!hasProcess(job)) continue;
      this.cancel(job, note, null);
      this.spawner?.kill(job.idText, SIGKILL);
    }
  }

  /** Gives up the jobs that SIGKILL did not end. */
  abandon(): void {
    for (const job of this.#jobs.values()) {
      if (job.state === 'starting') this.#settle(job, this.#clock.now());
      if (job.state === 'running') this.exited(job.idText, SIGKILL, this.#clock.now());
    }
  }

  started(id: string, pid: number, time: number): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    job.pid = pid;
    this.#settle(job, time);
    const { duration } = job.batch.template;
    if (duration > 0 && !job.ending) this.#limit(job, time + duration - this.#clock.now());
  }

  refused(id: string, step: string, errno: number, time: number, message: string): void {
    const job = this.#jobs.get(id);
    if (job === undefined || (isShortage(step, errno) && this.#putOff(job))) return;
    if (this.#goOnWithoutOutputs(job, step, message)) return;
    this.#settle(job, time);
    const { note, status } = startFailure(job, step, errno, message);
    this.#records.exception(job, 'exec', note, time);
    this.#finish(job, status, time, '');
  }

  exited(id: string, status: number, time: number, line = ''): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) this.#finish(job, finishStatus(status), time, line);
  }

  drained(): void {
    this.#wake();
  }

  died(error: MemberError): void {
    // The leaders died with the spawner (PR_SET_PDEATHSIG); their children did not.
    for (const job of this.#jobs.values()) {
      job.timer?.cancel();
      if (job.pid > 0) killGroup(job.pid);
    }
    this.#jobs.clear();
    this.#closed = true;
    this.#retryTimer?.cancel();
    this.#options.onFailed(error);
    this.#options.onIdle();
  }

  #enqueue(job: LocalJob): void {
    if (this.#waiting.add(job)) this.#wake();
    else if (!this.growable) this.refuseTooLarge(job);
  }

  /** Schedules starts after all events of this turn. */
  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    queueMicrotask(() => {
      this.#awake = false;
      this.#schedule();
    });
  }

  #schedule(): void {
    while (
      !this.#closed &&
      this.#retries.size === 0 &&
      this.#starting < MAX_STARTING &&
      this.spawner?.ready
    ) {
      const job = this.#waiting.next();
      if (job === undefined || this.#inUse + job.batch.slots > this.#size) return;
      // A run that is resumed must know every job that ran.
      if (!this.#records.isKept(job)) return;
      this.#waiting.remove(job);
      this.#inUse += job.batch.slots;
      job.slots = this.#numbers.take(job.batch.slots);
      const { tasks, duration } = job.batch.template;
      this.#records.allocated(job, {
        host: HOST,
        cores: formatIdset(job.slots),
        slots: tasks,
        duration,
      });
      this.#start(job);
    }
  }

  #start(job: LocalJob): void {
    job.state = 'starting';
    this.#starting++;
    this.#options.outputs?.prepare(job);
    this.#options.tells?.prepare(job);
    const { out, err } = job.files();
    this.spawner?.spawn(job.idText, job.batch.files.workdir, out, err, job.program());
  }

  /** The start has succeeded or failed. Emits the records that waited for it. */
  #settle(job: LocalJob, time: number): void {
    job.state = 'running';
    this.#starting--;
    this.#records.started(job, time);
    if (job.fatal !== null) this.#records.exception(job, job.fatal.type, job.fatal.note);
    this.#wake();
  }

  /** The system has no free process. Returns false after the limit of attempts. */
  #putOff(job: LocalJob): boolean {
    const time = performance.now();
    job.refusedSince ||= time;
    if (time - job.refusedSince > RETRY_LIMIT_SECONDS * 1000) return false;
    this.#startAgain(job, () => {
      this.#retries.add(job);
      this.#retryTimer ??= this.#clock.after(RETRY_SECONDS, () => this.#retry());
    });
    return true;
  }

  /** Starts a job again whose files in the folder of the run can't be written. Returns false for other jobs. */
  #goOnWithoutOutputs(job: LocalJob, step: string, message: string): boolean {
    const path = step === 'output' ? job.kept?.output : step === 'error' ? job.kept?.error : null;
    if (!path) return false;
    this.#options.outputs?.refused(job, `${path} can't be written: ${message}`);
    this.#startAgain(job, () => this.#start(job));
    return true;
  }

  /** The start has failed. A job that was canceled meanwhile ends; another one starts by `start`. */
  #startAgain(job: LocalJob, start: () => void): void {
    job.state = 'allocated';
    this.#starting--;
    if (job.fatal === null) {
      start();
    } else {
      job.ending = false;
      this.raise(job, job.fatal);
    }
  }

  #retry(): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = null;
    const jobs = [...this.#retries];
    this.#retries.clear();
    for (const job of jobs) this.#start(job);
    this.#wake();
  }

  /** Arms the time limit. */
  #limit(job: LocalJob, seconds: number): void {
    job.timer = this.#clock.after(seconds, () => {
      this.raise(job, { type: 'timeout', note: 'resource allocation expired' });
    });
  }

  #terminate(job: LocalJob, killTimeout: number | null): void {
    job.timer?.cancel();
    this.spawner?.kill(job.idText, SIGTERM);
    if (killTimeout === null) return;
    job.timer = this.#clock.after(killTimeout, () => this.spawner?.kill(job.idText, SIGKILL));
  }

  #finish(job: LocalJob, status: number, time: number, line: string): void {
    if ((status !== 0 || job.fatal !== null) && job.fatal?.type !== 'cancel')
      this.#options.onFailure?.(job, line);
    this.#options.tells?.ended(job);
    this.#records.finished(job, status, time);
    this.#giveBack(job);
    this.#end(job);
    if (this.#retries.size > 0) this.#retry();
  }

  /** Removes a job from all queues, and frees its slots. */
  #giveBack(job: LocalJob): void {
    this.#waiting.remove(job);
    this.#retries.delete(job);
    // The removed job may have blocked others at the head of the queue.
    this.#wake();
    if (job.slots.length === 0) return;
    this.#records.released(job);
    this.#inUse -= job.slots.length;
    this.#numbers.giveBack(job.slots);
  }

  #end(job: LocalJob): void {
    job.timer?.cancel();
    this.#records.cleaned(job);
    this.#options.outputs?.ended(job);
    this.#jobs.delete(job.idText);
    if (this.idle) this.#options.onIdle();
  }
}

function hasProcess(job: LocalJob): boolean {
  return job.state === 'starting' || job.state === 'running';
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has already ended.
  }
}
