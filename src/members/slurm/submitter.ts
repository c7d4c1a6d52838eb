/**
 * Gives jobs to Slurm in arrays: one `sbatch` for many jobs, and few of these for many submissions. An array whose fate is
 * unknown, because `sbatch` got no answer or the process died, is looked for in the queue by its key. Where it is not
 * found, it is revoked, and its jobs wait again: exactly one array can run them (wrapper.ts).
 */

import type { Clock } from '../local/clock.js';
import { type Answer, QUEUE_IS_FULL, readAnswer } from './answers.js';
import type { SlurmCommands } from './commands.js';
import { jobEnvironment } from './environment.js';
import type { JobArray, SlurmJob } from './job.js';
import { arrayOfKey, keyOf } from './key.js';
import type { QueuedTasks } from './queue.js';
import { urgencyOptions } from './sbatch-options.js';
import type { Store } from './store.js';
import type { Tracker } from './tracker.js';
import type { Troubles } from './troubles.js';
import { WaitingJobs } from './waiting.js';

export interface SubmitterOptions {
  readonly commands: SlurmCommands;
  readonly store: Store;
  readonly tracker: Tracker;
  readonly clock: Clock;
  /** Id of the run. */
  readonly run: string;
  /** Seconds between two looks at the queue. */
  readonly interval: number;
  readonly maxArraySize: () => number;
  /** The record of the job's submission survives this process. */
  readonly isKept: (job: SlurmJob) => boolean;
  readonly troubles: Troubles;
  /** Slurm has an array. */
  readonly onAccepted: (array: JobArray) => void;
  /** Slurm still has tasks of an array that was revoked. */
  readonly strays: (slurmIds: readonly number[]) => void;
}

/** Jobs that are in Slurm at most. The others wait here. */
const MOST_IN_SLURM = 4096;
/** Seconds in which submissions gather before they become an array. */
const GATHER = 0.05;
/** Submissions in a row. */
const BURST = 8;
/** Part of the interval between two looks at the queue until one more submission may follow. */
const REFILL = 0.2;
/** Seconds until the next attempt after a refusal, at first and at most. */
const RETRY = 5;
const LONGEST_RETRY = 120;
/** Looks at the queue that do not show an array, until it counts as not taken. */
const LOOKS = 2;

export class Submitter {
  readonly waiting = new WaitingJobs();
  readonly #options: SubmitterOptions;
  /** Arrays whose fate is unknown, with the looks at the queue that have not shown them. */
  readonly #unknown = new Map<JobArray, number>();
  /** Numbers of arrays that must not run. */
  readonly #revoked = new Set<number>();
  /** Resolves when Slurm has answered; null while nothing is on its way to it. */
  #answer: Promise<void> | null = null;
  #tokens = BURST;
  #tokensAt: number;
  /** When the first of the jobs came that wait. */
  #since = 0;
  #notBefore = 0;
  #retry = RETRY;
  /** The next attempt need not wait when the controller answers. */
  #waitsForAnswer = false;
  /** The most jobs of an array that Slurm accepts at the moment. */
  #room = Number.POSITIVE_INFINITY;

  constructor(options: SubmitterOptions) {
    this.#options = options;
    this.#tokensAt = options.clock.now();
  }

  /** A look at the queue is needed to find an array. */
  get asks(): boolean {
    return this.#unknown.size > 0;
  }

  add(jobs: readonly SlurmJob[]): void {
    if (this.waiting.size === 0) this.#since = this.#options.clock.now();
    for (const job of jobs) this.waiting.push(job);
  }

  /** Takes in an array of an earlier process that Slurm may have taken. */
  doubt(array: JobArray): void {
    this.#unknown.set(array, 0);
  }

  /** Takes in the number of an array that an earlier process has revoked. */
  knowRevoked(number: number): void {
    this.#revoked.add(number);
  }

  /** Resolves when nothing is on its way to Slurm. */
  get answered(): Promise<void> {
    return (this.#answer ?? Promise.resolve()).catch(() => {});
  }

  /** All jobs of an array have ended. */
  ended(array: JobArray): void {
    this.#options.store.removeArray(array);
  }

  /** Gives an array to Slurm if it is time. Resolves when Slurm has answered. Throws the system's errors. */
  async work(hurry = false): Promise<void> {
    if (this.#answer !== null || this.waiting.size === 0 || !this.#mayWork(hurry)) return;
    const { tracker, isKept, maxArraySize } = this.#options;
    const room = MOST_IN_SLURM - tracker.inSlurm;
    // A few places are not worth a request.
    if (room < Math.min(this.waiting.size, MOST_IN_SLURM / 4)) return;
    const jobs = this.waiting.take(Math.min(room, this.#room, maxArraySize()), isKept);
    if (jobs.length === 0) return;
    this.#tokens--;
    const array = this.#makeArray(jobs);
    tracker.addArray(array);
    for (const job of jobs) job.given = job.urgency;
    this.#answer = this.#submit(array, jobs as [SlurmJob]).then((answer) => this.#onAnswer(array, answer));
    await this.#answer.finally(() => {
      this.#answer = null;
    });
  }

  #makeArray(jobs: readonly SlurmJob[]): JobArray {
    try {
      return this.#options.store.makeArray(jobs);
    } catch (error) {
      for (const job of jobs) this.waiting.push(job);
      this.#notBefore = this.#options.clock.now() + RETRY;
      throw error;
    }
  }

  #mayWork(hurry: boolean): boolean {
    const now = this.#options.clock.now();
    const refill = this.#options.interval * REFILL;
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#tokensAt) / refill);
    this.#tokensAt = now;
    if (now < this.#notBefore) return false;
    return hurry || (this.#tokens >= 1 && now >= this.#since + GATHER);
  }

  async #submit(array: JobArray, [first]: readonly [SlurmJob]): Promise<Answer> {
    const { commands, store, run } = this.#options;
    const { shape } = first.facts;
    const args = [
      ...shape.options,
      ...urgencyOptions(first.given),
      ...['--parsable', `--comment=${keyOf(run, array)}`, `--array=0-${array.jobs.length - 1}`],
      ...[`--output=${store.fileOf(array, 'log')}`, '--open-mode=append', `--chdir=${store.folder}`],
      ...['--export=ALL', store.fileOf(array, 'script')],
    ];
    const env = jobEnvironment(process.env, shape.inheritEnvironment);
    return readAnswer(await commands.run('sbatch', args, { env, giveUpAt: QUEUE_IS_FULL }));
  }

  #onAnswer(array: JobArray, answer: Answer): void {
    const { troubles } = this.#options;
    switch (answer.kind) {
      case 'accepted':
        this.named(array, answer.slurmId);
        if (this.waiting.size === 0) troubles.end('full');
        troubles.end('away');
        this.#retry = RETRY;
        this.#room = Math.max(this.#room, 2 * array.jobs.length);
        return;
      case 'refused':
        if (!this.#revoke(array)) return;
        for (const job of this.#options.tracker.takeBack(array)) {
          this.#options.tracker.abandon(job, { type: 'alloc', note: `sbatch: ${answer.reason}` });
        }
        return;
      case 'unknown':
        this.#unknown.set(array, 0);
        troubles.begin(answer.full ? 'full' : 'away', answer.reason);
        if (answer.full) this.#shrink(array);
        break;
      case 'full':
        troubles.begin('full', answer.reason);
        this.#shrink(array);
        this.#putBack(array);
        // A smaller one may fit.
        if (array.jobs.length > 1) return;
        break;
      case 'away':
        troubles.begin('away', answer.reason);
        this.#putBack(array);
        break;
    }
    this.#waitsForAnswer = answer.kind === 'away' || (answer.kind === 'unknown' && !answer.full);
    this.#notBefore = this.#options.clock.now() + this.#retry;
    this.#retry = Math.min(LONGEST_RETRY, this.#retry * 2);
  }

  #shrink({ jobs }: JobArray): void {
    this.#room = Math.max(1, Math.floor(jobs.length / 2));
  }

  /** Slurm has taken an array: it says so, its queue shows it, or a task has noted the id. */
  named(array: JobArray, slurmId: number): void {
    if (array.slurmId !== null) return;
    this.#unknown.delete(array);
    this.#options.store.accepted(array, slurmId);
    this.#options.tracker.named(array, slurmId);
    this.#options.onAccepted(array);
  }

  /** False for an array that runs after all. */
  #revoke(array: JobArray): boolean {
    const { store } = this.#options;
    if (!store.revoke(array)) return false;
    // Without its folder, a late task does nothing either.
    store.removeArray(array);
    this.#unknown.delete(array);
    this.#revoked.add(array.number);
    return true;
  }

  #putBack(array: JobArray): void {
    if (!this.#revoke(array)) return;
    for (const job of this.#options.tracker.takeBack(array)) {
      // It was canceled meanwhile.
      if (job.fatal) this.#options.tracker.abandon(job, null);
      else this.waiting.push(job);
    }
  }

  /** Takes in a look at the queue that began at a time when no submission was under way. */
  onQueue(tasks: readonly QueuedTasks[]): void {
    if (this.#waitsForAnswer) {
      this.#waitsForAnswer = false;
      this.#notBefore = 0;
      this.#retry = RETRY;
    }
    if (this.#unknown.size === 0 && this.#revoked.size === 0) return;
    const found = new Map<number, number>();
    for (const { comment, slurmId } of tasks) {
      const number = arrayOfKey(this.#options.run, comment);
      if (number !== null) found.set(number, slurmId);
    }
    for (const [array, looks] of this.#unknown) {
      const slurmId = found.get(array.number);
      if (slurmId !== undefined) this.named(array, slurmId);
      else if (looks + 1 >= LOOKS) this.#putBack(array);
      else this.#unknown.set(array, looks + 1);
    }
    const strays = [...found].filter(([number]) => this.#revoked.has(number)).map(([, slurmId]) => slurmId);
    if (strays.length > 0) this.#options.strays(strays);
  }
}
