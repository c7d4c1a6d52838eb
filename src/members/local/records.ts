/**
 * Tells of local jobs in the records of Flux's job-manager journal: the same events, in the same order, with
 * the same context as Flux 0.88 sends. The text is put together by hand, because ids are 64-bit integers,
 * which JSON.stringify can't print.
 */

import { hostname } from 'node:os';

import type { Clock } from './clock.js';
import { formatIdset } from './slots.js';

/** What the records need to know of a job, and keep in it. */
export interface RecordedJob {
  /** The id in decimal digits. */
  readonly idText: string;
  /** Timestamp of the job's last event: the next one's is no less, whatever the clock does. */
  lastEvent: number;
}

/** Ends the run of bytes that is gathered before it is delivered, whether the turn has ended or not. */
const MAX_BATCH = 64 * 1024;

const USERID = process.getuid?.() ?? 0;
const HOST = JSON.stringify(hostname());

export class JournalRecords {
  readonly #deliver: (lines: Uint8Array) => void;
  readonly #clock: Clock;
  readonly #encoder = new TextEncoder();
  #lines = '';
  #flush: NodeJS.Immediate | null = null;

  constructor(deliver: (lines: Uint8Array) => void, clock: Clock) {
    this.#deliver = deliver;
    this.#clock = clock;
  }

  /** The mark that ends the backlog; there is none, so it comes first. */
  sentinel(): void {
    this.#line('{"id":-1,"events":[]}\n');
  }

  /** NEW to SCHED, which nothing holds up here. */
  submitted(job: RecordedJob, urgency: number, jobspec: string): void {
    const context = `{"userid":${USERID},"urgency":${urgency},"flags":0,"version":1}`;
    this.#event(job, 'submit', context, this.#clock.now(), `,"jobspec":${jobspec}`);
    this.#event(job, 'validate');
    this.#event(job, 'depend');
    this.#event(job, 'priority', `{"priority":${urgency}}`);
  }

  /** Back to PRIORITY, and to SCHED at once. */
  urgencySet(job: RecordedJob, urgency: number): void {
    this.#event(job, 'urgency', `{"userid":${USERID},"urgency":${urgency}}`);
    this.#event(job, 'priority', `{"priority":${urgency}}`);
  }

  /** The job has got slots, for `duration` seconds (0 for ever). */
  allocated(job: RecordedJob, slots: readonly number[], count: number, duration: number): void {
    const set = formatIdset(slots);
    const cores = slots.length > 1 ? `[${set}]` : set;
    const context = `{"annotations":{"sched":{"resource_summary":"rank0/core${cores}"}}}`;
    this.#event(job, 'annotations', context);
    const time = this.#clock.now();
    const expiration = duration > 0 ? String(time + duration) : '0.0';
    const r =
      `{"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"${set}"}}],` +
      `"starttime":${time},"expiration":${expiration},"nslots":${count},"nodelist":[${HOST}]}}`;
    this.#event(job, 'alloc', context, time, `,"R":${r}`);
  }

  started(job: RecordedJob, time: number): void {
    this.#event(job, 'start', null, time);
  }

  /** `status` is in the form of wait(2). */
  finished(job: RecordedJob, status: number, time: number): void {
    this.#event(job, 'finish', `{"status":${status}}`, time);
  }

  /** The slots go back. */
  released(job: RecordedJob): void {
    this.#event(job, 'release', '{"ranks":"all","final":true}');
    this.#event(job, 'free');
  }

  /** The last event of every job. */
  cleaned(job: RecordedJob): void {
    this.#event(job, 'clean');
  }

  /** An exception, fatal with severity 0: the job is over then, or will be as soon as its processes are. */
  exception(job: RecordedJob, type: string, note: string, time = this.#clock.now(), severity = 0): void {
    const context = `{"type":${JSON.stringify(type)},"severity":${severity},"note":${JSON.stringify(note)},"userid":${USERID}}`;
    this.#event(job, 'exception', context, time);
  }

  /** An event that changes no state. */
  noted(job: RecordedJob, name: string): void {
    this.#event(job, name);
  }

  /** Delivers what has gathered. */
  flush(): void {
    if (this.#flush !== null) clearImmediate(this.#flush);
    this.#flush = null;
    if (this.#lines === '') return;
    // Not Buffer.from(): its small buffers share memory, and these bytes are to be the receiver's alone.
    const bytes = this.#encoder.encode(this.#lines);
    this.#lines = '';
    this.#deliver(bytes);
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
