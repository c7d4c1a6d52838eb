/** Goes on with a run whose process has ended: finds its jobs, and treats those that were lost. */

import type { Engine } from '../engine/engine.js';
import type { Clock } from '../members/local/clock.js';
import { JournalRecords } from '../members/local/records.js';
import type { Member, Reconciliation } from '../members/member.js';
import type { JobIdOptions } from '../model/job-id.js';
import type { LostPolicy, ResumedRun } from '../model/resumed-run.js';
import type { PlannedCounts } from './kept-configuration.js';
import { runNote } from './notes.js';
import type { RestoredRun } from './restored-run.js';

/** The process that goes on with a run. */
export interface ResumedFrom {
  readonly epoch: number;
  /** Why the lock of another process was taken over; null where none held it. */
  readonly takenOver: string | null;
  /** The first start of the run, in seconds since the epoch. */
  readonly started: number;
  readonly planned: PlannedCounts;
  readonly lost: LostPolicy;
  /** The member begins with the size that its options say, not with the last one of the run. */
  readonly ownSize: boolean;
}

export interface ResumptionOptions {
  readonly engine: Engine;
  readonly member: Member;
  /** The time of the run. */
  readonly clock: Pick<Clock, 'now'>;
  /** Aborted when the run has come to its end. */
  readonly signal: AbortSignal;
  /** Takes in records of the member. */
  ingest(lines: Uint8Array): Promise<void> | undefined;
}

/** Jobs of a member that can't look for them have ended with the process. */
const ALL_LOST: Reconciliation = { lost: true, doubts: [] };
const STOP_NOTE = 'the ensemble has ended';

export class Resumption {
  readonly #from: ResumedFrom;
  readonly #options: ResumptionOptions;

  constructor(from: ResumedFrom, options: ResumptionOptions) {
    this.#from = from;
    this.#options = options;
  }

  /**
   * Goes on with a restored run after its member was started. Resolves when all jobs are known; actions may be
   * performed then. Throws MemberError, and EnsembleError of the engine.
   */
  async goOn(restored: RestoredRun): Promise<ResumedRun> {
    const { engine, member, clock, signal } = this.#options;
    if (restored.memberSize !== null && !this.#from.ownSize) await resizeTo(member, restored.memberSize);
    // Rules of a run that has ended do not fire, whatever the member shows.
    if (restored.end !== null && !restored.native.ended) await engine.end();
    const { lost, doubts } = (await member.reconcile?.(signal)) ?? ALL_LOST;
    await keepFacts(engine, member);
    if (restored.native.started) await engine.resume(clock.now());
    else await engine.start(clock.now());
    const count = lost ? await this.#lose(restored) : await engine.reconciled('none');
    return this.#factsOf(restored, count, doubts);
  }

  /** Resolves with the number of jobs that were lost. */
  async #lose({ end }: RestoredRun): Promise<number> {
    const { engine, member } = this.#options;
    if (end === null) return engine.reconciled(this.#from.lost);
    if (member.reconcile !== undefined) return engine.reconciled('fail');
    // As at every end of a run, its jobs are canceled.
    await this.#cancelAll();
    return engine.reconciled('none');
  }

  async #cancelAll(): Promise<void> {
    const { engine, clock, ingest } = this.#options;
    const records = new JournalRecords(ingest, clock);
    for (const id of await engine.activeJobs()) {
      const job = { idText: String(id), lastEvent: 0 };
      records.exception(job, 'cancel', STOP_NOTE);
      records.cleaned(job);
    }
    records.flush();
  }

  #factsOf(restored: RestoredRun, lost: number, doubts: readonly string[]): ResumedRun {
    const { native, firings, requests, paused, end, unknownNotes } = restored;
    const { interrupted, latest, jobs, active, retrying, events, seconds, damage } = native;
    const { epoch, takenOver } = this.#from;
    // Those of an interrupted run were canceled because of that, so they never fail.
    const lostJobs = interrupted ? 'again' : this.#from.lost;
    return {
      ...{ epoch, takenOver, interrupted, paused, ended: end !== null, latest },
      ...{
        jobs,
        active,
        retrying,
        lost: interrupted ? active : lost,
        lostJobs,
        actions: firings.length + requests.length,
      },
      ...{ events, seconds, damage: damage === '' ? null : damage, unknownNotes, doubts },
    };
  }
}

/** Keeps the facts of the member for the next process. */
export async function keepFacts(engine: Engine, { facts }: Member): Promise<void> {
  if (facts !== undefined) await engine.note(runNote('member', facts));
}

async function resizeTo(member: Member, size: number): Promise<void> {
  if (member.resize === undefined || member.size === undefined || member.size === size) return;
  await member.resize(size - member.size);
}

/** How a run that goes on makes the ids of its jobs: they are larger than those of its earlier processes. */
export function idsOf({ epoch, started }: ResumedFrom, now: number): JobIdOptions {
  return { generator: epoch - 1, elapsed: (now - started) * 1000 };
}
