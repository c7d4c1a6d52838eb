/** Runs an ensemble's jobs as processes of this machine. Read this file first, then runner.ts. */

import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MemberError } from '../../errors.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTrace } from '../../model/failure.js';
import { JobIdGenerator, type JobIdOptions } from '../../model/job-id.js';
import type { Member, MemberSink, ResizeOutcome, SubmitOrigin } from '../member.js';
import { slurmAllocationEnd } from '../slurm-allocation.js';
import { SteadyClock } from './clock.js';
import { type FailedJobFacts, FailedJobs } from './failed-jobs.js';
import { LocalJob, prepareBatch } from './job.js';
import { KeptOutputs, type KeptOutputsOptions } from './kept-outputs.js';
import { JournalRecords } from './records.js';
import { Runner } from './runner.js';
import { Spawner } from './spawner.js';
import { JobTells } from './tells.js';

export interface LocalMemberOptions {
  /** Initial slots. A job takes one for each core of each task. */
  readonly slots: number;
  /** Id of the run, stored in `attributes.user.ensemble` of the jobs; null omits it. */
  readonly ensemble: string | null;
  /** In a run that goes on, jobs have other ids than the jobs of its earlier processes. */
  readonly ids?: JobIdOptions | undefined;
  /** Path of the ensemble-spawner program; defaults to the one of this package's build. */
  readonly spawnerPath?: string;
  /** Keeps outputs of jobs that name no file of their own; by default they are not kept. */
  readonly outputs?: KeptOutputsOptions | undefined;
  /** Receives what goes wrong without ending the run. */
  readonly problem?: ((error: MemberError) => void) | undefined;
  /** The run's clock; a new one by default. */
  readonly clock?: SteadyClock;
  /** Seconds from SIGTERM to SIGKILL for a job that is canceled or out of time; 5 by default. */
  readonly killTimeout?: number;
}

/** Jobs submitted, canceled or refused in one turn of the event loop. */
const JOBS_PER_TURN = 32;
const DEFAULT_KILL_TIMEOUT = 5;
/** Seconds that the system has to end a process after SIGKILL. Then the member gives the process up. */
const KILL_PATIENCE = 5;
const STOP_NOTE = 'the ensemble has ended';

/**
 * Runs each job as one process, with its children, on this machine. Jobs die with the run: none remains after
 * `stop`, nor after the end of this process, for any reason.
 */
export class LocalMember implements Member {
  readonly name = 'local';
  readonly #options: LocalMemberOptions;
  readonly #clock: SteadyClock;
  readonly #records: JournalRecords;
  readonly #runner: Runner;
  readonly #ids: JobIdGenerator;
  readonly #failed = new FailedJobs();
  readonly #outputs: KeptOutputs | undefined;
  readonly #tells: JobTells;
  #sink: MemberSink | null = null;
  #spawner: Promise<Spawner> | null = null;
  #sequence = 0;
  /** Why jobs can't be submitted; null when they can. */
  #unavailable: string | null = 'has not been started';
  #stopping: Promise<void> | null = null;
  /** Kills the remaining jobs; armed by `stop`. */
  #killTimer: NodeJS.Timeout | null = null;
  #killTime = Infinity;
  #onIdle: (() => void) | null = null;

  constructor(options: LocalMemberOptions) {
    this.#options = options;
    this.#clock = options.clock ?? new SteadyClock();
    this.#ids = new JobIdGenerator(options.ids);
    this.#records = new JournalRecords((lines) => this.#sink?.records(lines), this.#clock);
    if (options.outputs !== undefined) {
      this.#outputs = new KeptOutputs(options.outputs, (error) => options.problem?.(error));
    }
    const tells = options.outputs === undefined ? null : join(dirname(options.outputs.folder), 'tell');
    this.#tells = new JobTells(this.#records, tells, (error) => options.problem?.(error));
    this.#runner = new Runner({
      clock: this.#clock,
      slots: Math.max(1, options.slots),
      killTimeout: options.killTimeout ?? DEFAULT_KILL_TIMEOUT,
      records: this.#records,
      outputs: this.#outputs,
      tells: this.#tells,
      onFailure: (job, line) => this.#failed.add(job.id, () => failureFacts(job), line),
      onIdle: () => this.#onIdle?.(),
      onFailed: (error) => this.#fail(error),
    });
  }

  async start(sink: MemberSink): Promise<void> {
    if (this.#spawner !== null || this.#stopping !== null) {
      throw new MemberError('the local member can be started only once');
    }
    this.#sink = sink;
    this.#spawner = Spawner.open(this.#options.spawnerPath, this.#runner, this.#clock);
    this.#runner.spawner = await this.#spawner;
    if (this.#stopping !== null) return;
    this.#unavailable = null;
    this.#records.sentinel();
    this.#outputs?.begin();
    // From now on it is known whether records survive this process.
    this.#records.flush();
  }

  async submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    if (this.#unavailable !== null) throw new MemberError(`the local member ${this.#unavailable}`);
    const { ensemble, outputs } = this.#options;
    const batch = prepareBatch(template, origin, ensemble, outputs?.folder);
    let taken = 0;
    while (true) {
      const end = Math.min(count, taken + JOBS_PER_TURN);
      for (; taken < end; taken++) {
        this.#runner.add(new LocalJob(batch, this.#ids.next(), this.#sequence++, taken));
      }
      if (taken >= count) {
        // The records of all jobs must arrive before the caller learns of the submission.
        this.#records.flush();
        return taken;
      }
      await nextTurn();
      // A stop has ended the jobs submitted so far. Skip the rest.
      if (this.#unavailable !== null) return taken;
    }
  }

  async cancel(ids: Iterable<bigint>, note: string): Promise<number> {
    let raised = 0;
    await inTurns(ids, (id) => {
      const job = this.#runner.find(id);
      if (job !== undefined && this.#runner.cancel(job, note)) raised++;
    });
    return raised;
  }

  async setUrgency(ids: Iterable<bigint>, urgency: number): Promise<number> {
    let set = 0;
    await inTurns(ids, (id) => {
      const job = this.#runner.find(id);
      if (job !== undefined && this.#runner.setUrgency(job, urgency)) set++;
    });
    return set;
  }

  explain(id: bigint): Promise<JobTrace | null> {
    return this.#failed.explain(id);
  }

  get size(): number {
    return this.#runner.size;
  }

  /** Changes the number of slots to at least one. Running jobs continue. */
  async allocationEnd(): Promise<number | null> {
    return slurmAllocationEnd();
  }

  async resize(delta: number): Promise<ResizeOutcome> {
    const before = this.#runner.size;
    const after = Math.max(1, before + delta);
    this.#runner.resize(after);
    this.#refuseTooLarge();
    return { before, after };
  }

  setGrowable(growable: boolean): void {
    this.#runner.growable = growable;
    this.#refuseTooLarge();
  }

  stop(grace: number): Promise<void> {
    this.#unavailable = 'has been stopped';
    this.#stopping ??= this.#stop();
    this.#killAfter(grace);
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // The caller sets the kill time before this continues.
    const spawner = await this.#spawner?.catch(() => null);
    this.#runner.close();
    await inTurns(this.#runner.jobs(), (job) => this.#runner.cancel(job, STOP_NOTE, null));
    if (performance.now() >= this.#killTime) this.#runner.killAll(STOP_NOTE);
    if (!this.#runner.idle) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    if (this.#killTimer !== null) clearTimeout(this.#killTimer);
    this.#killTime = -Infinity; // For later calls of stop().
    this.#records.flush();
    await spawner?.close();
    this.#tells.close();
    await this.#outputs?.settled();
    this.#sink = null;
  }

  /** Ends the jobs that wait for the member to grow, when it can't. */
  #refuseTooLarge(): void {
    if (this.#runner.growable) return;
    void inTurns(this.#runner.tooLarge(), (job) => {
      if (!this.#runner.growable) this.#runner.refuseTooLarge(job);
    });
  }

  /** Schedules SIGKILL in `grace` seconds, unless it is due earlier. */
  #killAfter(grace: number): void {
    const left = Math.max(0, grace) * 1000;
    const time = performance.now() + left;
    if (time >= this.#killTime) return;
    this.#killTime = time;
    if (this.#killTimer !== null) clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => {
      this.#runner.killAll(STOP_NOTE);
      this.#killTimer = setTimeout(() => this.#runner.abandon(), KILL_PATIENCE * 1000);
    }, left);
  }

  #fail(error: MemberError): void {
    if (this.#stopping === null) this.#unavailable = 'has failed';
    this.#records.flush();
    this.#sink?.failed(error);
    this.#sink = null;
  }
}

function failureFacts(job: LocalJob): FailedJobFacts {
  const { template, files } = job.batch;
  const { out: output, err: error } = job.files();
  const { kept } = job;
  return {
    parameters: template.parameters,
    workdir: files.workdir,
    output,
    error,
    isKept: (path) => path === kept?.output || path === kept?.error,
  };
}

/** Runs an action for each item and yields to the event loop regularly, because there may be many items. */
async function inTurns<Item>(items: Iterable<Item>, action: (item: Item) => void): Promise<void> {
  let count = 0;
  for (const item of items) {
    action(item);
    if (++count % JOBS_PER_TURN === 0) await nextTurn();
  }
}
