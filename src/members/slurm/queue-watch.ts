/** Looks at Slurm's queue: one request an interval for all jobs, rarely while nothing happens. */

import type { Clock } from '../local/clock.js';
import { askAccounting } from './accounting.js';
import type { SlurmCommands } from './commands.js';
import type { SlurmJob } from './job.js';
import type { Cause } from './outcome.js';
import { askQueue, askStatuses } from './queue.js';
import type { Submitter } from './submitter.js';
import { taskName } from './tasks.js';
import type { Tracker, UnnotedEnd } from './tracker.js';
import type { Troubles } from './troubles.js';
import { NO_FOLDER } from './wrapper.js';

export interface QueueWatchOptions {
  readonly commands: SlurmCommands;
  readonly tracker: Tracker;
  readonly submitter: Submitter;
  readonly troubles: Troubles;
  readonly clock: Clock;
  /** Seconds between two looks. */
  readonly interval: number;
  /** Whether jobs that have left the queue can be asked for. */
  readonly accounting: () => boolean;
}

/** Factor of the interval while nothing happens, and seconds until that is so. */
const QUIET = 3;
const QUIET_AFTER = 60;
/** Part of the interval that passes before a look that is urgent. */
const URGENT = 0.2;
/** The longest factor of the interval while the controller does not answer. */
const LONGEST_BACKOFF = 16;

const LOST: Cause = { type: 'lost', note: 'Slurm does not know the job any more, and it noted no end' };
/** Slurm forgets a task at once that is canceled while it waits with others of its array. */
const NEVER_RAN: Cause = {
  type: 'cancel',
  note: 'Slurm does not know the job any more, and it never started: it was canceled there',
};

export class QueueWatch {
  readonly #options: QueueWatchOptions;
  #looking = false;
  #lookedAt: number;
  #newsAt: number;
  #urgent = false;
  #backoff = 1;

  constructor(options: QueueWatchOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#lookedAt = now;
    this.#newsAt = now;
  }

  /** Something has happened to a job. */
  news(): void {
    this.#newsAt = this.#options.clock.now();
  }

  /** The next look comes soon. */
  hurry(): void {
    this.#urgent = true;
  }

  /** Looks if it is time. Never rejects. */
  async work(): Promise<void> {
    const { tracker, submitter, clock } = this.#options;
    if (this.#looking || (tracker.inSlurm === 0 && !submitter.asks)) return;
    const now = clock.now();
    if (now < this.#lookedAt + this.#wait(now)) return;
    this.#looking = true;
    this.#urgent = false;
    try {
      await this.#look();
    } finally {
      this.#lookedAt = clock.now();
      this.#looking = false;
    }
  }

  #wait(now: number): number {
    const { interval, submitter } = this.#options;
    if (this.#backoff > 1) return interval * this.#backoff;
    if (this.#urgent || submitter.asks) return interval * URGENT;
    return now > this.#newsAt + QUIET_AFTER ? interval * QUIET : interval;
  }

  async #look(): Promise<void> {
    const { commands, tracker, submitter, troubles } = this.#options;
    const look = tracker.beginLook();
    const tasks = await askQueue(commands);
    if (typeof tasks === 'string') {
      troubles.begin('away', tasks);
      this.#backoff = Math.min(LONGEST_BACKOFF, this.#backoff * 2);
      return;
    }
    troubles.end('away');
    this.#backoff = 1;
    const before = tracker.jobs.size;
    const { ended, missing } = tracker.onQueue(tasks, look);
    submitter.onQueue(tasks);
    if (ended.length > 0) await this.#end(ended);
    if (missing.length > 0) await this.#seek(missing);
    if (tracker.jobs.size !== before) this.news();
    if (tracker.awaitsLook(look)) this.hurry();
  }

  /** Ends jobs whose wrapper could note nothing. */
  async #end(ended: readonly UnnotedEnd[]): Promise<void> {
    const { commands, tracker } = this.#options;
    const needed = ended.some(({ host }) => host !== '');
    const statuses = needed ? await askStatuses(commands) : new Map<string, number>();
    for (const end of ended) {
      const status = typeof statuses === 'string' ? null : (statuses.get(taskName(end.job) ?? '') ?? null);
      tracker.endAsSlurmSays(end, status, causeOfStatus(status, end));
    }
  }

  /** Ends jobs that are not in the queue any more. */
  async #seek(missing: readonly SlurmJob[]): Promise<void> {
    const { commands, tracker } = this.#options;
    const slurmIds = [...new Set(missing.flatMap(({ array }) => array?.slurmId ?? []))];
    const found = this.#options.accounting() ? await askAccounting(commands, slurmIds) : null;
    // The accounting may answer later.
    if (typeof found === 'string') return;
    for (const job of missing) {
      const task = found?.get(taskName(job) ?? '');
      if (task === undefined) tracker.abandon(job, job.started ? LOST : NEVER_RAN);
      else tracker.endAsSlurmSays({ job, reason: '', ...task }, task.status);
    }
  }
}

/** Words for a status of the wrapper itself. */
function causeOfStatus(status: number | null, { host }: UnnotedEnd): Cause | undefined {
  if (status !== NO_FOLDER << 8) return undefined;
  const note =
    `node ${host} does not see the folder of the run, which must be on a file system that all nodes share ` +
    '(see --state)';
  return { type: 'exec', note };
}
