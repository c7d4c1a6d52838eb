/**
 * A member whose jobs are made up: they wait in the local member's own queue, and start, run and end in virtual time
 * as a test says.
 */

import { fillIn } from '../actions/submit.js';
import type { Engine } from '../engine/engine.js';
import { EnsembleError } from '../errors.js';
import { LocalJob, prepareBatch } from '../members/local/job.js';
import { JournalRecords } from '../members/local/records.js';
import { Runner } from '../members/local/runner.js';
import type { Member, MemberHost, MemberSink, ResizeOutcome, SubmitOrigin } from '../members/member.js';
import type { EnsembleConfig, JobEntry, JobTemplate } from '../model/ensemble.js';
import { portionsOf } from '../model/portions.js';
import type { Happening, JobPlan, JobSelection, Outcome } from '../model/test.js';
import type { Row } from '../model/written.js';
import { counted } from '../text/counted.js';
import { VirtualClock } from './virtual-clock.js';

export interface VirtualMemberOptions {
  readonly groups: EnsembleConfig['groups'];
  /** What jobs do by themselves, by group. */
  readonly plans: ReadonlyMap<string, JobPlan>;
  /** Null for as many as are asked for. */
  readonly slots: number | null;
  /** Seconds since the epoch. */
  readonly start: number;
  /** Whether so many jobs may be submitted; `origin` is null for those of the script. */
  readonly maySubmit: (jobs: number, origin: SubmitOrigin | null) => boolean;
}

/** More than anybody asks for, and few enough that one more is another number. */
const PLENTY = 2 ** 31;
/** What a script submits comes from no rule. */
const NO_ORIGIN: SubmitOrigin = { rule: 0, firing: 0, index: 0, attempt: 0 };
const NOTHING: JobPlan = { wait: [], duration: [], outcome: [], probes: new Map() };
const SUCCESS: Outcome = { kind: 'exit', code: 0 };

const wrong = (message: string) => new EnsembleError('ERR_TEST', message);

export class VirtualMember implements Member {
  readonly name = 'virtual';
  readonly clock: VirtualClock;
  /** The engine that it serves, from the start on: whoever makes up the events lets its time pass too. */
  engine: Engine | null = null;
  /** More lines of the script are to come. */
  expectsMore = true;
  /** Pieces of the journal so far. */
  deliveries = 0;
  readonly #options: VirtualMemberOptions;
  readonly #records: JournalRecords;
  readonly #runner: Runner;
  /** All jobs that ever were, by group, in the order of their submission. */
  readonly #jobs = new Map<string, LocalJob[]>();
  /** Of each its group, and its place in that, counted from 0. */
  readonly #places = new Map<bigint, { readonly group: string; readonly place: number }>();
  #sink: MemberSink | null = null;
  #submitted = 0;

  constructor(options: VirtualMemberOptions) {
    this.#options = options;
    this.clock = new VirtualClock(options.start);
    this.#records = new JournalRecords((lines) => {
      this.deliveries++;
      this.#sink?.records(lines);
    }, this.clock);
    this.#runner = new Runner({
      clock: this.clock,
      slots: options.slots ?? PLENTY,
      killTimeout: 0,
      records: this.#records,
      onIdle: () => {},
      onFailed: (error) => this.#sink?.failed(error),
    });
    this.#runner.spawner = {
      ready: true,
      spawn: (id) => this.#start(id),
      // Not before whoever asks for it has done what else there is to do.
      kill: (id, signal) => void this.clock.after(0, () => this.#runner.exited(id, signal, this.now())),
    };
  }

  now(): number {
    return this.clock.now();
  }

  async start(sink: MemberSink, host: MemberHost): Promise<void> {
    this.#sink = sink;
    this.engine = host.engine;
    this.#records.sentinel();
    this.flush();
  }

  async submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    if (!this.#options.maySubmit(count, origin)) return 0;
    this.#add(template, count, origin, false);
    this.flush();
    return count;
  }

  async cancel(ids: Iterable<bigint>, note: string): Promise<number> {
    let raised = 0;
    for (const id of ids) {
      const job = this.#runner.find(id);
      if (job !== undefined && this.#runner.cancel(job, note)) raised++;
    }
    return raised;
  }

  measured(id: bigint): Readonly<Record<string, number>> {
    const { group = '', place = 0 } = this.#places.get(id) ?? {};
    const { probes } = this.#options.plans.get(group) ?? NOTHING;
    return Object.fromEntries(
      [...probes].flatMap(([name, values]) => {
        const value = inTurn(values, place);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }

  async setUrgency(ids: Iterable<bigint>, urgency: number): Promise<number> {
    let set = 0;
    for (const id of ids) {
      const job = this.#runner.find(id);
      if (job !== undefined && this.#runner.setUrgency(job, urgency)) set++;
    }
    return set;
  }

  async resize(delta: number): Promise<ResizeOutcome> {
    const before = this.#runner.size;
    const after = Math.max(1, before + delta);
    this.#runner.resize(after);
    this.setGrowable(this.#runner.growable);
    return { before, after };
  }

  setGrowable(growable: boolean): void {
    this.#runner.growable = growable;
    if (growable) return;
    for (const job of [...this.#runner.tooLarge()]) this.#runner.refuseTooLarge(job);
  }

  /** Nothing is canceled: what the test looks at is how things stood when the run came to its end. */
  async stop(): Promise<void> {
    this.#runner.close();
    this.flush();
    this.#sink = null;
  }

  /** Delivers the records that have gathered. */
  flush(): void {
    this.#records.flush();
  }

  /** The script is over: from now on, the run may be too. */
  finishScript(): void {
    this.expectsMore = false;
    this.#sink?.quiet();
  }

  /** Does what a line of a script says, but heartbeats. Throws EnsembleError `ERR_TEST` when its jobs are not there. */
  apply(happening: Exclude<Happening, { kind: 'heartbeat' }>): void {
    const { group } = happening;
    switch (happening.kind) {
      case 'submit': {
        const known = this.#options.groups.get(group);
        if (known === undefined) throw wrong(`no job group '${group}'`);
        const { parameters, held } = happening;
        for (const { entry, count } of portionsOf(known, happening.count)) {
          if (!this.#options.maySubmit(count, null)) break;
          this.#add(withParameters(entry, parameters), count, NO_ORIGIN, held);
        }
        break;
      }
      case 'start':
        for (const job of this.#select(group, happening.jobs, (job) => job.held, 'held back')) {
          this.#runner.release(job);
        }
        break;
      case 'end': {
        const { outcome } = happening;
        const anyTime = outcome.kind === 'exception' && outcome.type !== 'timeout';
        const can = (job: LocalJob) => !job.ending && (anyTime || job.state === 'running');
        for (const job of this.#select(group, happening.jobs, can, anyTime ? 'active' : 'running')) {
          this.#end(job, outcome);
        }
        break;
      }
      case 'exception':
        for (const job of this.#select(group, happening.jobs, () => true, 'active')) {
          this.#records.exception(job, happening.type, '', this.now(), happening.severity);
        }
        break;
      case 'event':
        for (const job of this.#select(group, happening.jobs, () => true, 'active')) {
          this.#records.noted(job, happening.name);
        }
    }
  }

  #add(template: JobTemplate, count: number, origin: SubmitOrigin, held: boolean): void {
    const batch = prepareBatch(template, origin, null);
    const jobs = this.#jobs.get(template.group) ?? [];
    this.#jobs.set(template.group, jobs);
    const plan = this.#options.plans.get(template.group) ?? NOTHING;
    for (let i = 0; i < count; i++) {
      const sequence = ++this.#submitted;
      const job = new LocalJob(batch, BigInt(sequence), sequence);
      const wait = inTurn(plan.wait, jobs.length) ?? 0;
      job.held = held || wait > 0;
      this.#places.set(job.id, { group: template.group, place: jobs.length });
      jobs.push(job);
      this.#runner.add(job, i);
      if (!held && wait > 0) this.clock.after(wait, () => this.#runner.release(job));
    }
  }

  #start(id: string): void {
    this.#runner.started(id, 0, this.now());
    const job = this.#runner.find(BigInt(id));
    if (job === undefined) return;
    const plan = this.#options.plans.get(job.batch.template.group) ?? NOTHING;
    const index = this.#places.get(job.id)?.place ?? 0;
    const duration = inTurn(plan.duration, index);
    const outcome = inTurn(plan.outcome, index) ?? SUCCESS;
    if (duration === undefined || outcome.kind === 'none') return;
    this.clock.after(duration, () => {
      if (this.#runner.find(job.id) === job && !job.ending) this.#end(job, outcome);
    });
  }

  #end(job: LocalJob, outcome: Exclude<Outcome, { kind: 'none' }>): void {
    switch (outcome.kind) {
      case 'exit':
        this.#runner.exited(job.idText, outcome.code << 8, this.now());
        break;
      case 'signal':
        this.#runner.exited(job.idText, outcome.number, this.now());
        break;
      case 'exception': {
        const { type } = outcome;
        this.#runner.raise(job, { type, note: type === 'timeout' ? 'resource allocation expired' : '' });
      }
    }
  }

  /** The jobs that are meant, of those that `can`; `what` says in words what these are. */
  #select(group: string, jobs: JobSelection, can: (job: LocalJob) => boolean, what: string): LocalJob[] {
    const all = this.#jobs.get(group) ?? [];
    const isActive = (job: LocalJob) => this.#runner.find(job.id) === job;
    if (jobs.kind === 'numbers') {
      return jobs.ranges.flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_, i) => {
          const job = all[first + i - 1];
          const which = `job ${first + i} of '${group}'`;
          if (job === undefined)
            throw wrong(
              `there is no ${which}: ${all.length} ${all.length === 1 ? 'was' : 'were'} submitted by then`,
            );
          if (!isActive(job)) throw wrong(`${which} has ended already`);
          if (!can(job)) throw wrong(`${which} is not ${what}`);
          return job;
        }),
      );
    }
    const able = all.filter((job) => isActive(job) && can(job));
    if (able.length === 0) throw wrong(`no job of '${group}' is ${what}`);
    if (jobs.kind === 'all') return able;
    if (able.length >= jobs.count) return able.slice(0, jobs.count);
    const are = able.length === 1 ? 'is' : 'are';
    throw wrong(`only ${counted(able.length, 'job')} of '${group}' ${are} ${what}, not ${jobs.count}`);
  }
}

/** The job of an entry with some parameters in place of its own. Throws EnsembleError `ERR_TEST` when it has none such. */
function withParameters(entry: JobEntry, parameters: Row): JobEntry {
  const known = entry.draft?.sweep?.names ?? [];
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`the jobs of '${entry.group}' have no parameter '${unknown}'`);
  if (!entry.late && Object.keys(parameters).length === 0) return entry;
  // Nothing made this job due, so there is nothing that the tags of an event could stand for.
  return fillIn(entry, { ...entry.parameters, ...parameters }, 0, () => '');
}

/** The n-th of a list that begins again; undefined when it is empty. */
function inTurn<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(list.length, 1)];
}
