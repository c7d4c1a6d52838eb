/** A member at work for one process of a run, as a check sees it. */

import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../engine/engine.js';
import { EMPTY_PLAN } from '../../engine/plan/plan.js';
import type { EndOfRun, Member, MemberFacts, MemberSink, SubmitOrigin } from '../../members/member.js';
import type { JobTemplate } from '../../model/ensemble.js';
import { counted } from '../../text/counted.js';
import { expectThat, fault, type MemberCheckOptions, Skipped } from './check.js';
import { type CheckedJob, Journal } from './journal.js';
import { isFatal } from './order.js';

const DEFAULT_PATIENCE = 60;
const POLL_EVERY_MS = 20;
/** Seconds in which a member has to stop after its check has failed. */
const LAST_PATIENCE = 5;
/** Deliveries whose bytes are compared at the end. */
const COMPARED = 32;

export interface SessionOptions {
  /** The id of the run; a new one by default. */
  readonly ensemble?: string;
  /** The process before this one, for a run that goes on. */
  readonly before?: { readonly facts: MemberFacts | null; readonly jobs: readonly CheckedJob[] };
  /** Milliseconds after which records are in the log; without a log by default. */
  readonly logDelay?: number;
}

export class Session {
  readonly ensemble: string;
  readonly member: Member;
  readonly journal: Journal;
  readonly #options: SessionOptions;
  readonly #patience: number;
  readonly #engine: Engine;
  /** Copies of the bytes that were delivered. */
  readonly #deliveries: { readonly given: Uint8Array; readonly copy: Uint8Array }[] = [];
  /** Jobs whose submit events are not in the log yet. */
  readonly #unkept = new Set<CheckedJob>();
  #stopped = false;
  #changed: () => void = () => {};
  #firings = 0;

  private constructor(member: Member, ensemble: string, patience: number, options: SessionOptions) {
    this.ensemble = ensemble;
    this.member = member;
    this.#options = options;
    this.#patience = patience;
    this.journal = new Journal({
      ensemble,
      earlier: options.before?.jobs ?? [],
      now: () => member.now?.() ?? Date.now() / 1000,
    });
    this.#engine = new Engine(
      { ...EMPTY_PLAN, ensemble, trackAll: true },
      {
        firing: () => {},
        decodeError: ({ line, reason }) =>
          this.#fail(`the engine can't read line ${line} of the records: ${reason}`),
      },
    );
  }

  /** Runs the body with a member that was started, and stops the member. */
  static async with(
    checked: MemberCheckOptions,
    body: (session: Session) => Promise<void>,
    options: SessionOptions = {},
  ): Promise<void> {
    const { ensemble = `check-${randomBytes(6).toString('hex')}`, before } = options;
    const member = await checked.make({ ensemble, process: before === undefined ? 1 : 2 });
    const session = new Session(member, ensemble, checked.patience ?? DEFAULT_PATIENCE, options);
    try {
      await session.#start();
      await body(session);
      await session.#finish();
    } finally {
      await session.#dispose();
    }
  }

  async #start(): Promise<void> {
    const { before } = this.#options;
    const activeJobs = async () =>
      (before?.jobs ?? [])
        .filter(({ ended }) => !ended)
        .map((job) => ({
          id: job.id,
          start: job.event('start')?.timestamp ?? null,
          finished: job.has('finish'),
          fatal: job.events.some(isFatal),
        }));
    const host = {
      engine: this.#engine,
      ensemble: this.ensemble,
      events: null,
      wantsRecords: true,
      ...(before === undefined ? {} : { resumed: { facts: before.facts, activeJobs } }),
    };
    await this.within('start() to resolve', this.member.start(this.#sink(), host));
    await this.#engine.start(Date.now() / 1000);
    await this.until('the sentinel ("id":-1) as the first record', () => this.journal.sentinels > 0);
  }

  #sink(): MemberSink {
    const isNative = this.member.portion !== undefined;
    return {
      records: (lines) => this.#take(lines, isNative),
      quiet: () => {
        if (!isNative) this.#fail('the member called quiet(), which is for members with portion()');
      },
      failed: ({ message }) => this.#fail(`the member failed: ${message}`),
    };
  }

  #take(lines: Uint8Array, isNative: boolean): Promise<void> | undefined {
    const text = new TextDecoder().decode(lines);
    if (this.#stopped) this.#fail(`the member delivered a record after stop(): ${text.slice(0, 200)}`);
    if (this.#deliveries.length < COMPARED)
      this.#deliveries.push({ given: lines, copy: Uint8Array.from(lines) });
    const unkept = [...this.#unkept];
    const added = this.journal.take(text);
    const early = unkept.find((job) => job.has('start'));
    if (early !== undefined && !isNative)
      this.#fail(`${early}: it was started before records() resolved for its submit event`);
    if (!isNative && !this.#stopped) void this.#engine.ingest(lines).catch(() => {});
    this.#changed();
    const { logDelay } = this.#options;
    if (logDelay === undefined) return undefined;
    for (const job of added) this.#unkept.add(job);
    return sleep(logDelay).then(() => {
      for (const job of added) this.#unkept.delete(job);
    });
  }

  #fail(message: string): void {
    this.journal.faults.push(message);
    this.#changed();
  }

  /** Throws the first fault that the records have shown. */
  throwFaults(): void {
    const [first] = this.journal.faults;
    if (first !== undefined) throw fault(first);
  }

  /** Waits until something holds. */
  async until(expected: string, holds: () => boolean): Promise<void> {
    const begun = performance.now();
    for (;;) {
      this.throwFaults();
      if (holds()) return;
      const patience = this.#patience * 1000 + begun - performance.now();
      if (patience <= 0) {
        const found = this.journal.describe();
        throw fault(`expected ${expected} within ${this.#patience} s, but the member reported ${found}`);
      }
      const changed = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      await Promise.race([changed, sleep(POLL_EVERY_MS)]);
    }
  }

  /** Awaits the answer of a method. */
  async within<Answer>(expected: string, answer: Promise<Answer>): Promise<Answer> {
    const expired = new AbortController();
    const timeout = sleep(this.#patience * 1000, undefined, { signal: expired.signal }).then(() => {
      throw fault(`expected ${expected} within ${this.#patience} s, but it did not`);
    });
    timeout.catch(() => {});
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      expired.abort();
    }
  }

  /**
   * Submits jobs, as a firing of its own. Resolves with them, in the order of their indexes. The submit events must be
   * there when submit() resolves.
   */
  async submit(
    template: JobTemplate,
    count = 1,
    changes: Partial<SubmitOrigin> = {},
  ): Promise<readonly CheckedJob[]> {
    const origin = { rule: 0, firing: this.#firings++, part: 0, index: 0, attempt: 0, ...changes };
    const answer = this.member.submit(template, count, origin);
    const accepted = await this.within('submit() to resolve', answer);
    this.throwFaults();
    expectThat(
      accepted === count,
      `submit() to accept ${counted(count, 'job')}`,
      `it resolved with ${accepted}`,
    );
    const jobs = [...this.journal.jobs.values()].filter((job) => job.origin.firing === origin.firing);
    expectThat(
      jobs.length === count,
      `submit events of ${counted(count, 'job')} with origin.firing ${origin.firing} before submit() resolved`,
      `the member reported ${jobs.length}`,
    );
    return jobs.sort((a, b) => Number(a.origin.index) - Number(b.origin.index));
  }

  /** Submits jobs and waits for their end. */
  async run(template: JobTemplate, count = 1): Promise<readonly CheckedJob[]> {
    const jobs = await this.submit(template, count);
    await this.ended(jobs);
    return jobs;
  }

  started(jobs: readonly CheckedJob[]): Promise<void> {
    return this.until(`start events of ${counted(jobs.length, 'job')}`, () =>
      jobs.every((job) => job.has('start')),
    );
  }

  ended(jobs: readonly CheckedJob[]): Promise<void> {
    return this.until(`clean events of ${counted(jobs.length, 'job')}`, () =>
      jobs.every(({ ended }) => ended),
    );
  }

  /** Cancels jobs; `canceled` is the number that cancel() has to resolve with. */
  async cancel(ids: readonly bigint[], canceled: number): Promise<void> {
    const raised = await this.within('cancel() to resolve', this.member.cancel(ids, 'by a check'));
    expectThat(
      raised === canceled,
      `cancel() of ${counted(ids.length, 'id')} to raise ${counted(canceled, 'exception')}`,
      `it resolved with ${raised}`,
    );
  }

  /** Stops the member. No record may come after. */
  async stop(grace: number, end: EndOfRun): Promise<void> {
    await this.within(`stop(${grace}, '${end}') to resolve`, this.member.stop(grace, end));
    this.#stopped = true;
    // Records that were due at once would come now.
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    this.throwFaults();
  }

  /** Stops the member as at the end of a run whose jobs stay in the queue. */
  leave(): Promise<void> {
    return this.stop(0, 'done');
  }

  async #finish(): Promise<void> {
    if (!this.#stopped) {
      await this.ended([...this.journal.jobs.values()]);
      await this.stop(LAST_PATIENCE, 'done');
    }
    for (const { given, copy } of this.#deliveries) {
      if (given.length > 0 && !Buffer.from(given).equals(copy))
        throw fault('the member changed bytes after it had delivered them with records()');
    }
    this.throwFaults();
  }

  async #dispose(): Promise<void> {
    // Its answer does not matter: the check has passed, or has failed with another fault.
    const stopped = Promise.resolve(this.member.stop(0, 'interrupted')).catch(() => {});
    const timeout = new AbortController();
    const patience = sleep(Math.min(this.#patience, LAST_PATIENCE) * 1000, undefined, timeout).catch(
      () => {},
    );
    await Promise.race([stopped, patience]);
    timeout.abort();
    this.#engine.close();
  }
}

/** Skips a check where a member lacks an optional method. */
export function requireMethod(member: Member, name: keyof Member): void {
  if (member[name] === undefined) throw new Skipped(`the ${member.name} member has no ${name}()`);
}
