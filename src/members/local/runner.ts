/**
 * Takes jobs from submission to their end: which may start, what happens to them, and the record of each
 * step. First come, first served within an urgency, without backfill: the job that is next and does not fit
 * blocks those behind it, as with Flux's default policy.
 */

import { constants } from 'node:os';
import type { MemberError } from '../../errors.js';
import { counted } from '../../text/counted.js';
import type { Alarm, Clock } from './clock.js';
import type { LocalJob } from './job.js';
import { finishStatus, isShortage, startFailure } from './outcome.js';
import type { JournalRecords } from './records.js';
import { SlotNumbers } from './slots.js';
import type { Spawner, SpawnerListener } from './spawner.js';
import { WaitingJobs } from './waiting.js';

const { SIGTERM, SIGKILL } = constants.signals;

/** Starts that may be under way: bounds the memory of the frames, and the work of one turn. */
const MAX_STARTING = 64;
/** When the system has no process to spare: seconds between two tries, unless a job ends before. */
const RETRY_SECONDS = 1;
/** ... and how long it is tried before the job is given up. */
const RETRY_LIMIT_SECONDS = 60;

/** What starts jobs and ends them: the spawner, or whoever makes jobs up. It tells a SpawnerListener how it went. */
export type Starter = Pick<Spawner, 'ready' | 'spawn' | 'kill'>;

export interface RunnerOptions {
  readonly clock: Clock;
  readonly slots: number;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly killTimeout: number;
  readonly records: JournalRecords;
  /** A job has ended that did not succeed and was not canceled. `line` is the last on its standard error, if that is known. */
  readonly onFailure?: (job: LocalJob, line: string) => void;
  /** Called whenever the last active job has ended. */
  readonly onIdle: () => void;
  readonly onFailed: (error: MemberError) => void;
}

export class Runner implements SpawnerListener {
  /** Set when the spawner runs, before the first job comes. */
  spawner: Starter | null = null;
  /** Whether a new job that is too large waits, rather than ends. */
  growable = false;
  readonly #options: RunnerOptions;
  readonly #clock: Clock;
  readonly #records: JournalRecords;
  readonly #jobs = new Map<string, LocalJob>();
  readonly #waiting: WaitingJobs;
  /** Jobs with slots that are to be started anew. */
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
  }

  get size(): number {
    return this.#size;
  }

  /** The active jobs. Stays usable while they end. */
  jobs(): Iterable<LocalJob> {
    return this.#jobs.values();
  }

  find(id: bigint): LocalJob | undefined {
    return this.#jobs.get(String(id));
  }

  get idle(): boolean {
    return this.#jobs.size === 0;
  }

  /** Takes in a new job. */
  add(job: LocalJob, index: number): void {
    this.#jobs.set(job.idText, job);
    this.#records.submitted(job, job.urgency, job.batch.jobspec(index));
    if (!job.held) this.#enqueue(job);
  }

  /** Lets a job that was held back join the queue. */
  release(job: LocalJob): void {
    if (!job.held || job.state !== 'pending') return;
    job.held = false;
    this.#enqueue(job);
  }

  /** Changes the number of slots. What runs beyond it may end in its own time. */
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

  /** Gives a pending job its new place in the queue; false when it is not pending. */
  setUrgency(job: LocalJob, urgency: number): boolean {
    if (job.state !== 'pending') return false;
    this.#waiting.remove(job);
    job.urgency = urgency;
    this.#records.urgencySet(job, urgency);
    if (!job.held) this.#enqueue(job);
    return true;
  }

  /** Cancels a job; false when it is being ended already. `killTimeout` null: SIGKILL is left to the caller. */
  cancel(job: LocalJob, note: string, killTimeout: number | null = this.#options.killTimeout): boolean {
    return this.raise(job, { type: 'cancel', note }, killTimeout);
  }

  /** The same by a fatal exception of any type. */
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
    // While it starts, the exception waits for the `start` event, which is due at once either way.
    if (job.state === 'running') this.#records.exception(job, fatal.type, fatal.note);
    this.#terminate(job, killTimeout);
    return true;
  }

  /** Starts nothing any more. */
  close(): void {
    this.#closed = true;
  }

  /** Sends SIGKILL to every job with processes; to those that nobody has canceled yet, `note` says why. */
  killAll(note: string): void {
    for (const job of this.#jobs.values()) {
      if (!hasProcess(job)) continue;
      this.cancel(job, note, null);
      this.spawner?.kill(job.idText, SIGKILL);
    }
  }

  /** Writes off the jobs that not even SIGKILL has ended. */
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
    // The leaders died with it (PR_SET_PDEATHSIG); what they had started did not.
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

  /** Lets the head of the queue start, once this turn's events are all in. */
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
      this.#waiting.remove(job);
      this.#inUse += job.batch.slots;
      job.slots = this.#numbers.take(job.batch.slots);
      this.#records.allocated(job, job.slots, job.batch.template.tasks, job.batch.template.duration);
      this.#start(job);
    }
  }

  #start(job: LocalJob): void {
    job.state = 'starting';
    this.#starting++;
    const { out, err } = job.files();
    this.spawner?.spawn(job.idText, job.batch.files.workdir, out, err, job.program());
  }

  /** It is known how a start went. Posts what waited for that. */
  #settle(job: LocalJob, time: number): void {
    job.state = 'running';
    this.#starting--;
    this.#records.started(job, time);
    if (job.fatal !== null) this.#records.exception(job, job.fatal.type, job.fatal.note);
    this.#wake();
  }

  /** The system has no process to spare. False when it has been asked for long enough. */
  #putOff(job: LocalJob): boolean {
    const time = performance.now();
    job.refusedSince ||= time;
    if (time - job.refusedSince > RETRY_LIMIT_SECONDS * 1000) return false;
    job.state = 'allocated';
    this.#starting--;
    if (job.fatal !== null) {
      job.ending = false;
      this.raise(job, job.fatal);
    } else {
      this.#retries.add(job);
      this.#retryTimer ??= this.#clock.after(RETRY_SECONDS, () => this.#retry());
    }
    return true;
  }

  #retry(): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = null;
    const jobs = [...this.#retries];
    this.#retries.clear();
    for (const job of jobs) this.#start(job);
    this.#wake();
  }

  /** Ends the job when its time is up. */
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
    this.#records.finished(job, status, time);
    this.#giveBack(job);
    this.#end(job);
    if (this.#retries.size > 0) this.#retry();
  }

  /** Takes a job out of wherever it waits, and gives back its slots if it has any. */
  #giveBack(job: LocalJob): void {
    this.#waiting.remove(job);
    this.#retries.delete(job);
    // A job that was next in line and is no more may have blocked others.
    this.#wake();
    if (job.slots.length === 0) return;
    this.#records.released(job);
    this.#inUse -= job.slots.length;
    this.#numbers.giveBack(job.slots);
  }

  #end(job: LocalJob): void {
    job.timer?.cancel();
    this.#records.cleaned(job);
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
    // Nothing of it was left.
  }
}
