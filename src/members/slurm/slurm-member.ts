/**
 * Runs an ensemble's jobs under Slurm. Read this file first, then follow a job: submitter.ts gives it to Slurm, wrapper.ts
 * runs it, spool.ts and queue.ts follow it, and tracker.ts makes records of that.
 */

import { dirname } from 'node:path';
import { MemberError } from '../../errors.js';
import { hasAsciiIds } from '../../language/job-tags.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTrace } from '../../model/failure.js';
import { JobIdGenerator, type JobIdOptions } from '../../model/job-id.js';
import { SharedFolders } from '../../text/folders.js';
import type { SteadyClock } from '../local/clock.js';
import { FailedJobs } from '../local/failed-jobs.js';
import { JournalRecords } from '../local/records.js';
import type {
  EndOfRun,
  Member,
  MemberFacts,
  MemberHost,
  MemberSink,
  Reconciliation,
  SubmitOrigin,
} from '../member.js';
import { slurmAllocationEnd } from '../slurm-allocation.js';
import { compileJobspecs } from '../submission.js';
import { compileFacts } from './batch.js';
import { type RunCommand, SlurmCommands } from './commands.js';
import { Control } from './control.js';
import { askSettings, type ControllerSettings, readFacts } from './controller.js';
import { type JobArray, SlurmJob } from './job.js';
import { QueueWatch } from './queue-watch.js';
import { restore } from './restore.js';
import { SpoolReader } from './spool.js';
import { Store } from './store.js';
import { Submitter } from './submitter.js';
import { Tracker } from './tracker.js';
import { Troubles } from './troubles.js';

export interface SlurmMemberOptions {
  /** The run's id. */
  readonly ensemble: string;
  /** Absolute path of the member's folder, on a file system that all nodes share. */
  readonly folder: string;
  /** The folder is removed when no job needs it any more. */
  readonly temporary?: boolean;
  /** Absolute path of the folder for outputs of jobs that name no file; they are not kept without it. */
  readonly outputs?: string | undefined;
  /** Seconds between two looks at Slurm's queue; 10 by default. */
  readonly interval?: number | undefined;
  readonly ids?: JobIdOptions | undefined;
  readonly clock: SteadyClock;
  /** Receives what goes wrong without ending the run. */
  readonly problem?: ((error: MemberError) => void) | undefined;
  /** Options of the `srun` that starts the tasks of a job; the usual ones by default. */
  readonly srun?: readonly string[] | undefined;
  /** Runs Slurm's commands; those on PATH by default. */
  readonly run?: RunCommand;
}

const DEFAULT_INTERVAL = 10;
/** Looks at the spool in an interval of the queue, and bounds of the seconds between two of them. */
const SPOOL_LOOKS = 20;
const SHORTEST_LOOK = 0.02;
const LONGEST_LOOK = 1;
/** Part of the time that looks at the spool may take. */
const SHARE = 0.1;
/** Jobs submitted in one turn of the event loop. */
const JOBS_PER_TURN = 256;
/** Seconds that jobs which still wait have at the end of a run to be given to Slurm. */
const LAST_SUBMISSIONS = 20;
const STOP_NOTE = 'the ensemble has ended';
const INTERRUPT_NOTE = 'the ensemble was interrupted';

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export class SlurmMember implements Member {
  readonly name = 'slurm';
  readonly unsupported = ['grow', 'shrink'];
  readonly #options: SlurmMemberOptions;
  readonly #interval: number;
  readonly #commands: SlurmCommands;
  readonly #records: JournalRecords;
  readonly #store: Store;
  readonly #tracker: Tracker;
  readonly #submitter: Submitter;
  readonly #control: Control;
  readonly #queue: QueueWatch;
  readonly #spool: SpoolReader;
  readonly #troubles: Troubles;
  readonly #failed = new FailedJobs();
  readonly #folders = new SharedFolders();
  readonly #ids: JobIdGenerator;
  #settings: ControllerSettings | null = null;
  #sink: MemberSink | null = null;
  #resumed: MemberHost['resumed'];
  /** Why jobs can't be submitted; null when they can. */
  #unavailable: string | null = 'has not been started';
  #timer: NodeJS.Timeout | null = null;
  /** When the timer fires, in milliseconds of performance.now(). */
  #due = 0;
  #turning = false;
  /** Something has happened since the last turn began. */
  #woken = false;
  #stopping: Promise<void> | null = null;
  #grace = Number.POSITIVE_INFINITY;

  constructor(options: SlurmMemberOptions) {
    const { folder, ensemble, clock } = options;
    this.#options = options;
    this.#interval = options.interval ?? DEFAULT_INTERVAL;
    this.#ids = new JobIdGenerator(options.ids);
    this.#commands = new SlurmCommands(options.run);
    this.#troubles = new Troubles((error) => options.problem?.(error));
    this.#records = new JournalRecords((lines) => this.#sink?.records(lines), clock);
    this.#records.onTaken = () => this.#wake();
    this.#store = new Store(folder);
    this.#spool = new SpoolReader(this.#store.spool);
    this.#control = new Control(this.#commands, clock);
    this.#tracker = new Tracker({
      records: this.#records,
      clock,
      onArrayEnded: (array) => this.#submitter.ended(array),
      onFailure: (job) => this.#onFailure(job),
      kill: (job) => this.#control.kill(job),
      onNamed: (array, slurmId) => this.#submitter.named(array, slurmId),
    });
    this.#submitter = new Submitter({
      ...{
        commands: this.#commands,
        store: this.#store,
        tracker: this.#tracker,
        clock,
        troubles: this.#troubles,
      },
      run: ensemble,
      interval: this.#interval,
      maxArraySize: () => this.#settings?.maxArraySize ?? 1,
      isKept: (job) => this.#records.isKept(job),
      onAccepted: (array) => this.#catchUp(array),
      strays: (slurmIds) => void this.#control.killArrays(slurmIds),
    });
    this.#queue = new QueueWatch({
      ...{
        commands: this.#commands,
        tracker: this.#tracker,
        submitter: this.#submitter,
        troubles: this.#troubles,
      },
      ...{ clock, interval: this.#interval },
      accounting: () => this.#settings?.accounting === true,
    });
  }

  async start(sink: MemberSink, host: MemberHost): Promise<void> {
    this.#sink = sink;
    this.#resumed = host.resumed;
    const settings = await askSettings(this.#commands);
    if (typeof settings !== 'string') {
      this.#settings = settings;
    } else {
      // A run that goes on waits for a controller that is away.
      const known = readFacts(host.resumed?.facts ?? null);
      if (known === null) {
        throw new MemberError(`Slurm can't be used: ${settings}`, { code: 'ERR_MEMBER_UNAVAILABLE' });
      }
      this.#settings = known;
      this.#troubles.begin('away', settings);
    }
    if (this.#stopping !== null) return;
    this.#unavailable = null;
    this.#records.sentinel();
    // The answer of the sink shows whether the run has a log.
    this.#records.flush();
    if (host.resumed === undefined) this.#open();
  }

  #open() {
    try {
      return this.#store.open();
    } catch (cause) {
      const { folder } = this.#options;
      throw new MemberError(`the folder ${folder} can't be used: ${(cause as Error).message}`, { cause });
    }
  }

  get facts(): MemberFacts | undefined {
    return this.#settings === null ? undefined : { ...this.#settings };
  }

  get requests(): Readonly<Record<string, number>> {
    return this.#commands.counts;
  }

  async reconcile(): Promise<Reconciliation> {
    const before = readFacts(this.#resumed?.facts ?? null);
    const state = this.#open();
    const lost = before !== null && before.cluster !== this.#settings?.cluster;
    if (lost) return { lost, doubts: [] };
    const { active, unknown } = restore(state, (await this.#resumed?.activeJobs()) ?? [], {
      tracker: this.#tracker,
      submitter: this.#submitter,
      control: this.#control,
      records: this.#records,
      store: this.#store,
    });
    await this.#readSpool();
    this.#records.flush();
    if (active > 0) this.#wake();
    const doubts =
      unknown === 0
        ? []
        : [`${unknown} jobs of the run are not in ${this.#options.folder}, so they count as lost`];
    return { lost, doubts };
  }

  async submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    if (this.#unavailable !== null) throw new MemberError(`the Slurm member ${this.#unavailable}`);
    const { ensemble, outputs } = this.#options;
    const jobspec = compileJobspecs(template, origin, ensemble);
    const factsOf = compileFacts(template, origin, {
      outputs: outputs ?? null,
      srun: this.#options.srun ?? null,
      ascii: hasAsciiIds(process.env, template.environment),
      shapeOf: (shape) => this.#store.shapeOf(shape),
    });
    for (let begin = 0; begin < count; ) {
      const jobs: SlurmJob[] = [];
      const end = Math.min(count, begin + JOBS_PER_TURN);
      for (; begin < end; begin++) jobs.push(new SlurmJob(factsOf(this.#ids.next(), begin)));
      this.#keep(jobs);
      for (const [index, job] of jobs.entries()) {
        this.#tracker.add(job);
        this.#records.submitted(job, job.urgency, jobspec(end - jobs.length + index));
      }
      this.#submitter.add(jobs);
      if (begin < count) await sleep(0);
      // A stop has ended the jobs submitted so far. Skip the rest.
      if (this.#unavailable !== null) return begin;
    }
    // The records of all jobs must arrive before the caller learns of the submission.
    this.#records.flush();
    this.#wake();
    return count;
  }

  /** Keeps jobs for a process that goes on with the run. */
  #keep(jobs: readonly SlurmJob[]): void {
    try {
      for (const { facts } of jobs) {
        if (facts.keptOutput) this.#folders.make(dirname(facts.output));
        if (facts.keptError) this.#folders.make(dirname(facts.error));
      }
      this.#store.addJobs(jobs.map(({ facts }) => facts));
    } catch (cause) {
      throw new MemberError(`the jobs can't be kept: ${(cause as Error).message}`, { cause });
    }
  }

  async cancel(ids: Iterable<bigint>, note: string): Promise<number> {
    let raised = 0;
    for (const id of ids) {
      const job = this.#tracker.jobs.get(id);
      if (job === undefined) continue;
      if (!this.#tracker.raise(job, { type: 'cancel', note })) continue;
      this.#submitter.waiting.remove(job);
      raised++;
    }
    this.#wake();
    return raised;
  }

  async setUrgency(ids: Iterable<bigint>, urgency: number): Promise<number> {
    const jobs = [...ids].flatMap((id) => this.#tracker.jobs.get(id) ?? []);
    const isNew = ({ state }: SlurmJob) => state === 'waiting' || state === 'submitting';
    const queued = jobs.filter(({ state }) => state === 'queued');
    const changed = [...queued, ...jobs.filter(isNew)];
    await this.#control.setUrgency(queued, urgency);
    for (const job of changed) {
      job.urgency = urgency;
      this.#submitter.waiting.move(job);
      this.#records.urgencySet(job, urgency);
    }
    return changed.length;
  }

  /** Jobs whose urgency was changed on their way to Slurm get it now. */
  #catchUp({ jobs }: JobArray): void {
    const late = new Map<number, SlurmJob[]>();
    for (const job of jobs) {
      if (job?.state !== 'queued' || job.urgency === job.given) continue;
      late.set(job.urgency, [...(late.get(job.urgency) ?? []), job]);
    }
    for (const [urgency, changed] of late) {
      this.#control
        .setUrgency(changed, urgency)
        .catch((error: MemberError) => this.#options.problem?.(error));
    }
  }

  async allocationEnd(): Promise<number | null> {
    return slurmAllocationEnd();
  }

  explain(id: bigint): Promise<JobTrace | null> {
    return this.#failed.explain(id);
  }

  #onFailure({ facts }: SlurmJob): void {
    const { id, workdir, output, error, keptOutput, keptError, parameters } = facts;
    const isKept = (path: string) => (path === output ? keptOutput : keptError);
    this.#failed.add(id, () => ({ parameters, workdir, output, error, isKept }), '');
  }

  stop(grace: number, end: EndOfRun): Promise<void> {
    this.#unavailable = 'has been stopped';
    this.#grace = Math.min(this.#grace, grace);
    this.#stopping ??= this.#stop(end);
    return this.#stopping;
  }

  async #stop(end: EndOfRun): Promise<void> {
    if (end === 'interrupted') await this.#cancelAll();
    else await this.#submitRest();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#records.flush();
    this.#store.close();
    if (this.#options.temporary === true && this.#tracker.jobs.size === 0) this.#store.remove();
    this.#sink = null;
  }

  /** Cancels all jobs, and waits until no job has ended for the grace time. */
  async #cancelAll(): Promise<void> {
    let left = this.#tracker.jobs.size;
    let changed = performance.now();
    await this.cancel([...this.#tracker.jobs.keys()], INTERRUPT_NOTE);
    while (this.#tracker.jobs.size > 0 && performance.now() < changed + this.#grace * 1000) {
      this.#queue.hurry();
      await sleep(SHORTEST_LOOK);
      if (this.#tracker.jobs.size !== left) changed = performance.now();
      left = this.#tracker.jobs.size;
    }
  }

  /** Gives the jobs to Slurm that still wait. Those that it does not take are canceled. */
  async #submitRest(): Promise<void> {
    const end = performance.now() + LAST_SUBMISSIONS * 1000;
    while ((this.#submitter.waiting.size > 0 || !this.#control.idle) && performance.now() < end) {
      await this.#submitter.work(true).catch(() => {});
      this.#records.flush();
      await this.#control.work(() => this.#records.isTaken);
      await sleep(SHORTEST_LOOK);
    }
    await this.#submitter.answered;
    await this.cancel(
      [...this.#submitter.waiting].map(({ facts }) => facts.id),
      STOP_NOTE,
    );
  }

  /** Looks at once, and then as long as there are jobs. */
  #wake(): void {
    this.#woken = true;
    if (!this.#turning) this.#turnIn(SHORTEST_LOOK);
  }

  /** The next turn comes in this many seconds, or earlier. */
  #turnIn(seconds: number): void {
    const due = performance.now() + seconds * 1000;
    if (this.#sink === null || (this.#timer !== null && this.#due <= due)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#turn();
    }, seconds * 1000);
  }

  async #turn(): Promise<void> {
    this.#turning = true;
    this.#woken = false;
    const begun = performance.now();
    await this.#readSpool();
    const taken = (performance.now() - begun) / 1000;
    this.#tracker.enforceLimits();
    this.#submitter
      .work()
      .then(() => this.#troubles.end('store'))
      .catch((error: Error) => this.#troubles.begin('store', error.message));
    // Slurm ends jobs whose exceptions the run knows.
    this.#records.flush();
    void this.#control.work(() => this.#records.isTaken).then((asked) => asked && this.#queue.hurry());
    this.#queue.work().catch((error: Error) => this.#troubles.begin('store', error.message));
    this.#turning = false;
    if (this.#tracker.jobs.size === 0) return;
    const usual = Math.min(LONGEST_LOOK, Math.max(SHORTEST_LOOK, this.#interval / SPOOL_LOOKS));
    this.#turnIn(this.#woken ? SHORTEST_LOOK : Math.max(usual, taken / SHARE));
  }

  async #readSpool(): Promise<void> {
    try {
      await this.#spool.read((note) => {
        this.#queue.news();
        this.#tracker.onNote(note);
      });
      this.#troubles.end('spool');
    } catch (error) {
      this.#troubles.begin('spool', (error as Error).message);
    }
  }
}
