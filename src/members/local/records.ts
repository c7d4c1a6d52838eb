/**
 * Emits records of jobs in the form of Flux's job-manager journal: the same events in the same order with the same
 * context as Flux 0.88. The text is built by hand, because JSON.stringify can't print ids, which are 64-bit
 * integers.
 */

import type { Clock } from './clock.js';

/** The fields of a job that records use. */
export interface RecordedJob {
  /** The id in decimal digits. */
  readonly idText: string;
  /** Timestamp of the job's last event. Later events never have an earlier one, even if the clock goes back. */
  lastEvent: number;
}

export interface SubmittedJob extends RecordedJob {
  /** The batch with the record of its submission. */
  recordedIn: number;
}

/** Takes in records. The promise, if any, resolves when they survive this process. */
type Deliver = (lines: Uint8Array) => Promise<void> | undefined;

/** A batch of this many bytes is delivered before the turn ends. */
const MAX_BATCH = 64 * 1024;

const USERID = process.getuid?.() ?? 0;

/** The resources that a job receives. */
export interface Allocation {
  readonly host: string;
  /** The cores, as an idset (RFC 22): `0-3`. */
  readonly cores: string;
  /** Number of the slots, one for each task. */
  readonly slots: number;
  /** Seconds that the job may take; 0 means without limit. */
  readonly duration: number;
}

export class JournalRecords {
  readonly #deliver: Deliver;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #encoder = new TextEncoder();
  #lines = '';
  #flush: NodeJS.Immediate | null = null;
  /** Batches that were delivered, and those that the receiver has taken in. */
  #delivered = 0;
  #taken = 0;
  /** The receiver takes its time. */
  #waits = false;
  /** Called when a batch survives this process. */
  onTaken: (() => void) | null = null;

  constructor(deliver: Deliver, clock: Pick<Clock, 'now'>) {
    this.#deliver = deliver;
    this.#clock = clock;
  }

  /** The mark that ends the backlog. It comes first, because the backlog is empty. */
  sentinel(): void {
    this.#line('{"id":-1,"events":[]}\n');
  }

  /** States NEW to SCHED, which a local job passes at once. */
  submitted(job: SubmittedJob, urgency: number, jobspec: string): void {
    job.recordedIn = this.#delivered;
    const context = `{"userid":${USERID},"urgency":${urgency},"flags":0,"version":1}`;
    this.#event(job, 'submit', context, this.#clock.now(), `,"jobspec":${jobspec}`);
    this.#event(job, 'validate');
    this.#event(job, 'depend');
    this.#event(job, 'priority', `{"priority":${urgency}}`);
  }

  /** Whether the log has the record of the job's submission. True in a run without a log. */
  isKept({ recordedIn }: SubmittedJob): boolean {
    return !this.#waits || recordedIn < this.#taken;
  }

  /** Whether the log has all delivered records. True in a run without a log. */
  get isTaken(): boolean {
    return !this.#waits || this.#taken >= this.#delivered;
  }

  /** Back to PRIORITY, then to SCHED at once. */
  urgencySet(job: RecordedJob, urgency: number): void {
    this.#event(job, 'urgency', `{"userid":${USERID},"urgency":${urgency}}`);
    this.#event(job, 'priority', `{"priority":${urgency}}`);
  }

  allocated(job: RecordedJob, allocation: Allocation, time = this.#clock.now()): void {
    const { host, cores: set, slots, duration } = allocation;
    const cores = /\D/.test(set) ? `[${set}]` : set;
    const context = `{"annotations":{"sched":{"resource_summary":"rank0/core${cores}"}}}`;
    this.#event(job, 'annotations', context, time);
    const expiration = duration > 0 ? String(time + duration) : '0.0';
    const r =
      `{"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"${set}"}}],` +
      `"starttime":${time},"expiration":${expiration},"nslots":${slots},"nodelist":[${JSON.stringify(host)}]}}`;
    this.#event(job, 'alloc', context, time, `,"R":${r}`);
  }

  started(job: RecordedJob, time: number): void {
    this.#event(job, 'start', null, time);
  }

  /** `status` has the form of wait(2). */
  finished(job: RecordedJob, status: number, time: number): void {
    this.#event(job, 'finish', `{"status":${status}}`, time);
  }

  /** The slots become free. */
  released(job: RecordedJob, time = this.#clock.now()): void {
    this.#event(job, 'release', '{"ranks":"all","final":true}', time);
    this.#event(job, 'free', null, time);
  }

  /** The last event of every job. */
  cleaned(job: RecordedJob, time = this.#clock.now()): void {
    this.#event(job, 'clean', null, time);
  }

  /** An exception. Severity 0 is fatal: the job ends at once, or as soon as its processes have ended. */
  exception(job: RecordedJob, type: string, note: string, time = this.#clock.now(), severity = 0): void {
    const context = `{"type":${JSON.stringify(type)},"severity":${severity},"note":${JSON.stringify(note)},"userid":${USERID}}`;
    this.#event(job, 'exception', context, time);
  }

  /** The job told values: a JSON object. */
  told(job: RecordedJob, values: string): void {
    this.#event(job, 'memo', values);
  }

  /** An event that does not change the job's state. */
  noted(job: RecordedJob, name: string): void {
    this.#event(job, name);
  }

  /** Delivers the batched records. */
  flush(): void {
    if (this.#flush !== null) clearImmediate(this.#flush);
    this.#flush = null;
    if (this.#lines === '') return;
    // Buffer.from() shares memory between small buffers, and the receiver owns these bytes.
    const bytes = this.#encoder.encode(this.#lines);
    this.#lines = '';
    const batches = ++this.#delivered;
    const delivery = this.#deliver(bytes);
    if (delivery === undefined) return;
    this.#waits = true;
    const taken = () => {
      this.#taken = Math.max(this.#taken, batches);
      this.onTaken?.();
    };
    delivery.then(taken, taken);
  }

  #event(
    job: RecordedJob,
    name: string,
    context: string | null = null,
    time = this.#clock.now(),
    more = '',
  ): void {
    const timestamp = Math.max(time, job.lastEvent);
    job.lastEvent = timestamp;
    const entry = `{"timestamp":${timestamp},"name":"${name}"${context === null ? '' : `,"context":${context}`}}`;
    this.#line(`{"id":${job.idText},"events":[${entry}]${more}}\n`);
  }

  #line(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= MAX_BATCH) this.flush();
    else this.#flush ??= setImmediate(() => this.flush());
  }
}
