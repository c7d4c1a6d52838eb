/** Takes in the records of a member, and notes what is wrong with them. */

import { faultInForm, faultInOrder, type JobEvent } from './order.js';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A job, as the records show it. */
export class CheckedJob {
  readonly id: bigint;
  readonly events: JobEvent[] = [];
  /** `attributes.user` of the jobspec. */
  user: Json = {};

  constructor(id: bigint) {
    this.id = id;
  }

  get origin(): Json {
    return isObject(this.user.origin) ? this.user.origin : {};
  }

  has(name: string): boolean {
    return this.events.some((event) => event.name === name);
  }

  event(name: string): JobEvent | undefined {
    return this.events.find((event) => event.name === name);
  }

  get pending(): boolean {
    return !this.has('start') && !this.has('clean');
  }

  get ended(): boolean {
    return this.has('clean');
  }

  toString(): string {
    return `job ${this.id}: ${this.events.map(({ name }) => name).join(', ')}`;
  }
}

export const idsOf = (jobs: readonly CheckedJob[]) => jobs.map(({ id }) => id);

export interface JournalOptions {
  readonly ensemble: string;
  /** Jobs that another process of the run submitted. */
  readonly earlier: readonly CheckedJob[];
  /** The member's time, in seconds since the epoch. */
  now(): number;
}

/** Jobs that a message shows. */
const SHOWN = 5;

export class Journal {
  /** The jobs of the run, in the order of their submission. */
  readonly jobs = new Map<bigint, CheckedJob>();
  /** Jobs in the order of their start events. */
  readonly starts: CheckedJob[] = [];
  readonly faults: string[] = [];
  sentinels = 0;
  /** New jobs of the last delivery. */
  #added: CheckedJob[] = [];
  readonly #options: JournalOptions;
  /** Jobs of other runs. */
  readonly #foreign = new Set<bigint>();
  /** Jobs of another process of which this one has seen no record. */
  readonly #unseen = new Set<bigint>();

  constructor(options: JournalOptions) {
    this.#options = options;
    for (const { id, events, user } of options.earlier) {
      const job = new CheckedJob(id);
      job.events.push(...events);
      job.user = user;
      this.jobs.set(id, job);
      this.#unseen.add(id);
    }
  }

  /** Takes in the records of one delivery. Returns the jobs that are new. */
  take(text: string): CheckedJob[] {
    if (text === '') this.faults.push('the member delivered no record: records() got 0 bytes');
    else if (!text.endsWith('\n'))
      this.faults.push(`the member delivered half a line: ${shown(text.slice(text.lastIndexOf('\n') + 1))}`);
    this.#added = [];
    for (const line of text.split('\n')) if (line !== '') this.#record(line);
    return this.#added;
  }

  /** The jobs in words, for messages. */
  describe(): string {
    const jobs = [...this.jobs.values()];
    if (jobs.length === 0) return 'no jobs';
    // Those that have ended say less.
    jobs.sort((a, b) => Number(a.ended) - Number(b.ended));
    const more = jobs.length > SHOWN ? [`${jobs.length - SHOWN} more`] : [];
    return [...jobs.slice(0, SHOWN).map(String), ...more].join('; ');
  }

  #record(line: string): void {
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      this.faults.push(`the member delivered a line that is not JSON: ${shown(line)}`);
      return;
    }
    const id = isObject(record) ? idOf(record.id, line) : null;
    if (!isObject(record) || id === null || !Array.isArray(record.events)) {
      this.faults.push(`the member delivered a record without "id" and "events": ${shown(line)}`);
      return;
    }
    if (id === -1n) this.#sentinel();
    else if (!this.#foreign.has(id)) this.#jobRecord(id, record, record.events);
  }

  #sentinel(): void {
    this.sentinels++;
    if (this.sentinels > 1) this.faults.push('the member delivered a second sentinel ("id":-1)');
  }

  #jobRecord(id: bigint, record: Json, events: readonly unknown[]): void {
    const user = userOf(record.jobspec);
    const { ensemble, earlier } = this.#options;
    if (!this.jobs.has(id) && user?.ensemble !== undefined && user.ensemble !== ensemble) {
      this.#foreign.add(id);
      return;
    }
    if (this.sentinels === 0 && earlier.length === 0)
      this.faults.push(`a record of job ${id} comes before the sentinel ("id":-1)`);
    let job = this.jobs.get(id);
    const comesAgain = isObject(events[0]) && events[0].name === 'submit';
    // A member may show jobs of an earlier process from their beginning.
    if (job === undefined || (comesAgain && this.#unseen.delete(id))) {
      job = new CheckedJob(id);
      this.jobs.set(id, job);
      this.#added.push(job);
    }
    this.#unseen.delete(id);
    if (user !== null) job.user = user;
    for (const event of events) this.#event(job, event);
    if (job.has('submit') && user === null && comesAgain)
      this.faults.push(`the record with the submit event of job ${id} has no jobspec with attributes.user`);
  }

  #event(job: CheckedJob, given: unknown): void {
    const { name, timestamp, context } = isObject(given) ? given : ({} as Json);
    const event = { name, timestamp, context: isObject(context) ? context : {} } as JobEvent;
    const wrong = faultInForm(event, this.#options.now()) ?? faultInOrder(job.events, event);
    if (wrong !== null) this.faults.push(`${job}: ${wrong}`);
    job.events.push(event);
    if (event.name === 'start') this.starts.push(job);
  }
}

function userOf(jobspec: unknown): Json | null {
  const attributes = isObject(jobspec) ? jobspec.attributes : undefined;
  const user = isObject(attributes) ? attributes.user : undefined;
  return isObject(user) ? user : null;
}

/** Returns the id exactly, although JSON.parse rounds large numbers; null without one. */
function idOf(parsed: unknown, line: string): bigint | null {
  if (typeof parsed !== 'number' || !Number.isInteger(parsed)) return null;
  if (Number.isSafeInteger(parsed)) return BigInt(parsed);
  const found = [...line.matchAll(/"id"\s*:\s*(\d+)/g)].find(([, digits]) => Number(digits) === parsed);
  return found?.[1] === undefined ? null : BigInt(found[1]);
}

const shown = (text: string) => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
