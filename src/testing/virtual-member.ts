/**
 * A member with simulated jobs. They wait in the local member's own queue. They start, run and end in virtual time,
 * according to a test.
 */

import { fillIn } from '../actions/submit/fill-in.js';
import { firstJobs } from '../actions/submit/sweep-cursor.js';
import type { Engine } from '../engine/engine.js';
import { EnsembleError } from '../errors.js';
import { LocalJob, prepareBatch } from '../members/local/job.js';
import { JournalRecords } from '../members/local/records.js';
import { Runner } from '../members/local/runner.js';
import type { Member, MemberHost, MemberSink, ResizeOutcome, SubmitOrigin } from '../members/member.js';
import type { EnsembleConfig, JobEntry, JobTemplate } from '../model/ensemble.js';
import type { JobPlan, JobSelection, Outcome, ScriptEvent } from '../model/test.js';
import type { Row } from '../model/written.js';
import { counted } from '../text/counted.js';
import { VirtualClock } from './virtual-clock.js';

export interface VirtualMemberOptions {
  readonly groups: EnsembleConfig['groups'];
  /** Behaviour of jobs by group. */
  readonly plans: ReadonlyMap<string, JobPlan>;
  /** Number of slots; null for unlimited. */
  readonly slots: number | null;
  /** Start time in seconds since the epoch. */
  readonly start: number;
  /** Returns whether this number of jobs may be submitted. `origin` is null for jobs of the script. */
  readonly maySubmit: (jobs: number, origin: SubmitOrigin | null) => boolean;
}

/** A number of slots that no test reaches. Small enough that adding one still changes it. */
const MAX_SLOTS = 2 ** 31;
/** Jobs of a script do not belong to a rule. */
const NO_ORIGIN: SubmitOrigin = { rule: 0, firing: 0, part: 0, index: 0, attempt: 0 };
const NOTHING: JobPlan = { wait: [], duration: [], outcome: [], probes: new Map(), tell: new Map() };
const SUCCESS: Outcome = { kind: 'exit', code: 0 };

const wrong = (message: string) => new EnsembleError('ERR_TEST', message);

export class VirtualMember implements Member {
  readonly name = 'virtual';
  readonly clock: VirtualClock;
  /** The engine that it serves, set at the start. The simulation also advances the engine's time. */
  engine: Engine | null = null;
  /** True while lines of the script are left. */
  expectsMore = true;
  /** Number of deliveries to the journal so far. */
  deliveries = 0;
  readonly #options: VirtualMemberOptions;
  readonly #records: JournalRecords;
  readonly #runner: Runner;
  /** All jobs ever submitted, by group, in order of submission. */
  readonly #jobs = new Map<string, LocalJob[]>();
  /** The group of each job, and its index in it, counted from 0. */
  readonly #places = new Map<bigint, { readonly group: string; readonly place: number }>();
  #sink: MemberSink | null = null;
  #submitted = 0;

  constructor(options: VirtualMemberOptions) {
    this.#options = options;
    this.clock = new VirtualClock(options.start);
    this.#records = new JournalRecords((lines) => {
      this.deliveries++;
      return this.#sink?.records(lines);
    }, this.clock);
    this.#runner = new Runner({
      clock: this.clock,
      slots: options.slots ?? MAX_SLOTS,
      killTimeout: 0,
      records: this.#records,
      onIdle: () => {},
      onFailed: (error) => this.#sink?.failed(error),
    });
    this.#runner.spawner = {
      ready: true,
      spawn: (id) => this.#start(id),
      // Deferred, so that the caller finishes its own work first.
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

  /** Known where the test says how many slots there are. */
  get size(): number | undefined {
    return this.#options.slots === null ? undefined : this.#runner.size;
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

  /** Does not cancel jobs, because the test compares the state at the end of the run. */
  async stop(): Promise<void> {
    this.#runner.close();
    this.flush();
    this.#sink = null;
  }

  /** Delivers the batched records. */
  flush(): void {
    this.#records.flush();
  }

  /** The script has ended, so the run may end too. */
  finishScript(): void {
    this.expectsMore = false;
    this.#sink?.quiet();
  }

  /** Applies a line of a script other than a heartbeat. Throws EnsembleError `ERR_TEST` when its jobs are missing. */
  apply(scriptEvent: Exclude<ScriptEvent, { kind: 'heartbeat' }>): void {
    const { group } = scriptEvent;
    switch (scriptEvent.kind) {
      case 'submit': {
        const known = this.#options.groups.get(group);
        if (known === undefined) throw wrong(`unknown job group '${group}'`);
        const { parameters, held } = scriptEvent;
        for (const { entry, count } of firstJobs(known, scriptEvent.count)) {
          if (!this.#options.maySubmit(count, null)) break;
          this.#add(withParameters(entry, parameters), count, NO_ORIGIN, held);
        }
        break;
      }
      case 'start':
        for (const job of this.#select(group, scriptEvent.jobs, (job) => job.held, 'held back')) {
          this.#runner.release(job);
        }
        break;
      case 'end': {
        const { outcome } = scriptEvent;
        const anyTime = outcome.kind === 'exception' && outcome.type !== 'timeout';
        const can = (job: LocalJob) => !job.ending && (anyTime || job.state === 'running');
        for (const job of this.#select(group, scriptEvent.jobs, can, anyTime ? 'active' : 'running')) {
          this.#end(job, outcome);
        }
        break;
      }
      case 'exception':
        for (const job of this.#select(group, scriptEvent.jobs, () => true, 'active')) {
          this.#records.exception(job, scriptEvent.type, '', this.now(), scriptEvent.severity);
        }
        break;
      case 'event':
        for (const job of this.#select(group, scriptEvent.jobs, () => true, 'active')) {
          this.#records.noted(job, scriptEvent.name);
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
      const job = new LocalJob(batch, BigInt(sequence), sequence, i);
      const wait = inTurn(plan.wait, jobs.length) ?? 0;
      job.held = held || wait > 0;
      this.#places.set(job.id, { group: template.group, place: jobs.length });
      jobs.push(job);
      this.#runner.add(job);
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
    if (plan.tell.size > 0) {
      const values = [...plan.tell].map(([name, list]) => [name, inTurn(list, index)] as const);
      this.#records.told(job, JSON.stringify(Object.fromEntries(values)));
    }
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

  /** Selects the jobs that a line names and that satisfy `can`. `what` describes this condition in messages. */
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
              `${which} is missing: ${all.length} ${all.length === 1 ? 'was' : 'were'} submitted by then`,
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

/**
 * Returns the job of an entry with some of its parameters replaced. Throws EnsembleError `ERR_TEST` for an unknown
 * parameter.
 */
function withParameters(entry: JobEntry, parameters: Row): JobEntry {
  const known = entry.draft?.sweep?.names ?? [];
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`the jobs of '${entry.group}' have no parameter '${unknown}'`);
  if (!entry.late && Object.keys(parameters).length === 0) return entry;
  // No event caused this job, so tags of events are empty.
  return fillIn(entry, { ...entry.parameters, ...parameters }, 0, () => '');
}

/** Returns the n-th item of a list that repeats; undefined when it is empty. */
function inTurn<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(list.length, 1)];
}
