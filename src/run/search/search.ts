/**
 * The search of one group: its optimizer is asked for rows, each row becomes a job, and the optimizer gets the result of
 * the job. Every answer and every end is a note in the log of the run, so a process that resumes the run replays them to a
 * new optimizer.
 */

import { fillIn } from '../../actions/submit/fill-in.js';
import { RunEnded, withinTime } from '../../actions/user-code.js';
import type { Lookup } from '../../language/template.js';
import type { SubmitOrigin } from '../../members/member.js';
import type { JobEntry, JobGroup, JobTemplate } from '../../model/ensemble.js';
import { InvalidAnswer } from '../../model/follow-up.js';
import type { Parameters } from '../../model/parameters.js';
import {
  type AskOptions,
  type BestRow,
  isBetter,
  type RowOutcome,
  type RowValues,
  type SearchReport,
  type ToldRow,
} from '../../model/search.js';
import { plainRow } from '../../model/written.js';
import { describeFaults } from '../../text/result.js';
import type { Optimizer } from '../../usercode/optimizer/optimizer.js';
import { type RunNote, runNote } from '../notes.js';
import { type RowCells, readAnswer } from './answer.js';
import { hashOf } from './row-hash.js';

export type SearchNote = Extract<
  RunNote,
  { kind: 'searchBegan' | 'exchanged' | 'rowsEnded' | 'searchClosed' }
>;
type NoteOf<Kind extends SearchNote['kind']> = Extract<SearchNote, { kind: Kind }>['value'];
type Ending = NoteOf<'rowsEnded'>['rows'][number];

/** Rows without one success after which a search gives up. */
const MAX_WITHOUT_SUCCESS = 100;

export interface SearchHost {
  /** Starts the optimizer of the search. */
  start(ask: AskOptions, names: readonly string[] | null): Optimizer;
  note(text: string): Promise<void>;
  submit(template: JobTemplate, count: number, origin: SubmitOrigin, onHeld: () => void): Promise<number>;
  /** Counts work as pending until it has ended. */
  beside<T>(work: Promise<T>): Promise<T>;
  /** Something that the user should know, once. */
  problem(message: string): void;
  /** The end of a pause of the run; null where it is not paused. */
  paused(): Promise<void> | null;
  /** Aborted at the end of the run. */
  readonly signal: AbortSignal;
}

/** A submission of the group: a firing or a request from outside, and the number of the submission in it. */
export interface OrderKey {
  readonly firing: number;
  readonly part: number;
  readonly outside: boolean;
}

export interface OrderOptions {
  readonly rule: number;
  /** Most rows; null for any number. */
  readonly limit: number | null;
  /** Values of tags that rows do not have. */
  readonly values: Lookup;
  /** Whether the job of this index is known to have been submitted before the run was resumed. */
  isKnown(index: number): boolean;
}

interface Order {
  readonly key: OrderKey;
  /** Null in a run that goes on, until the submission is performed again. */
  options: OrderOptions | null;
  /** Number of its first row in the search. */
  readonly first: number;
  /** Rows that the optimizer gave. */
  asked: number;
  /** It is asked for no more rows. */
  closed: boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** A row whose job has not ended. */
export interface OpenRow {
  /** Number of the row in the search, and of its job in the submission. */
  readonly row: number;
  readonly index: number;
  readonly cells: RowCells;
}

/** How the last try of a row ended. */
export interface RowEnd {
  readonly outcome: RowOutcome;
  readonly objective: number | null;
  readonly values: RowValues;
  readonly job: bigint | null;
}

const isSame = (one: OrderKey, other: OrderKey) =>
  one.firing === other.firing && one.part === other.part && one.outside === other.outside;

export class Search {
  readonly #group: JobGroup;
  readonly #ask: AskOptions;
  readonly #host: SearchHost;
  #optimizer: Optimizer | null = null;
  /** The optimizer has failed. */
  #failed = false;
  /** The condition of `until` has held, or the optimizer has no more rows. */
  #over: string | null = null;
  #order: Order | null = null;
  #names: readonly string[] | null = null;
  /** Rows that wait for room, and those whose jobs have not ended, by their index in the submission. */
  readonly #ready: OpenRow[] = [];
  readonly #running = new Map<number, OpenRow>();
  /** Rows that have ended and whose results the optimizer does not have, in the order of their ends. */
  #ends: ToldRow[] = [];
  /** Rows that have ended, of which the log has no note. */
  readonly #endings: { readonly ending: Ending; noted(): void }[] = [];
  /** Exchanges of earlier processes of the run, and the rows whose results the optimizer got in them. */
  #history: NoteOf<'exchanged'>[] = [];
  #toldBefore: ToldRow[] = [];
  #busy = false;
  /** It waits for the end of a pause. */
  #waits = false;
  /** The optimizer gave fewer rows than asked; it may give more when it knows more. */
  #dry = false;
  #asked = 0;
  #ended = 0;
  #successes = 0;
  readonly #seen = new Set<number>();
  #repeated = 0;
  #surplus = false;
  #best: BestRow | null = null;

  constructor(group: JobGroup & { readonly ask: AskOptions }, host: SearchHost) {
    this.#group = group;
    this.#ask = group.ask;
    this.#host = host;
    host.signal.addEventListener('abort', () => this.#order?.resolve());
  }

  /**
   * Begins a submission of the group, or goes on with it in a run that was resumed. Resolves when its rows have ended and
   * no more will come, or the run has come to its end. Rejects when the search fails.
   */
  begin(key: OrderKey, options: OrderOptions): Promise<void> {
    if (this.#failed) return Promise.reject(new Error('its optimizer has failed before'));
    const before = this.#order;
    if (before !== null && !isSame(before.key, key) && !this.#isDone(before)) {
      return Promise.reject(new Error('the search is running already'));
    }
    return new Promise((resolve, reject) => {
      const known = before !== null && isSame(before.key, key) ? before : null;
      const fresh = { first: this.#asked, asked: 0, closed: false };
      this.#order = { key, ...fresh, ...known, options, resolve, reject };
      if (known === null) this.#note('searchBegan', { group: this.#group.name, ...key });
      if (this.#over !== null && known === null) {
        this.#host.problem(`no more rows are asked for: ${this.#over}`);
        this.#order.closed = true;
      }
      this.#submitAgain(this.#order, options);
      this.#look();
    });
  }

  /** The open row of a job of a submission; null for another job. */
  rowOf({ firing, part, outside }: OrderKey, index: number): OpenRow | null {
    const order = this.#order;
    if (order === null || !isSame(order.key, { firing, part, outside })) return null;
    return this.#running.get(index) ?? null;
  }

  /** The job of a row has ended, and is not submitted again. `noted` is called when the log has it. */
  end(
    { row, index, cells }: OpenRow,
    { outcome, objective, values, job }: RowEnd,
    noted: () => void = () => {},
  ): void {
    if (!this.#running.delete(index)) return;
    if (this.#endings.length === 0) queueMicrotask(() => this.#noteEndings());
    const text = job === null ? null : String(job);
    this.#endings.push({ ending: { row, outcome, objective, values, job: text }, noted });
    this.#take({ row, parameters: this.#parametersOf(cells), outcome, objective, values }, job);
    if (this.#successes === 0 && this.#ended >= Math.max(MAX_WITHOUT_SUCCESS, 2 * this.#ask.inFlight)) {
      this.#fail(new Error(`none of its first ${this.#ended} rows succeeded`));
    }
    this.#look();
  }

  /** The condition of `until` holds. */
  reached(): void {
    if (this.#over !== null) return;
    this.#over = `${this.#ask.until?.text} holds`;
    this.#close('until');
  }

  /** The group is canceled: rows without a job get none. */
  cancel(): void {
    if (this.#order !== null && !this.#order.closed) this.#close('cancel');
  }

  get report(): SearchReport {
    const { objective, direction } = this.#ask;
    const counts = { asked: this.#asked, ended: this.#ended, repeated: this.#repeated };
    return { group: this.#group.name, objective, direction, ...counts, best: this.#best };
  }

  /** Takes in a note of an earlier process of the run. */
  restore({ kind, value }: SearchNote): void {
    switch (kind) {
      case 'searchBegan': {
        const { firing, part, outside } = value;
        const nothing = { options: null, asked: 0, closed: false, resolve: () => {}, reject: () => {} };
        this.#order = { key: { firing, part, outside }, first: this.#asked, ...nothing };
        this.#running.clear();
        break;
      }
      case 'exchanged':
        this.#history.push(value);
        this.#toldBefore.push(...this.#ends.splice(0, value.told));
        if (value.rows === null) this.#over = 'the optimizer has no more';
        else if (this.#order !== null) this.#add(this.#order, value.names, value.rows, this.#running);
        break;
      case 'rowsEnded':
        for (const ending of value.rows) this.#restoreEnding(ending);
        break;
      case 'searchClosed':
        if (value.by === 'until') this.#over = `${this.#ask.until?.text} holds`;
        if (this.#order !== null) this.#order.closed = true;
    }
  }

  #restoreEnding({ row, outcome, objective, values, job }: Ending): void {
    const open = this.#running.get(row - (this.#order?.first ?? 0));
    if (open === undefined) return;
    this.#running.delete(open.index);
    const told = { row, parameters: this.#parametersOf(open.cells), outcome, objective, values };
    this.#take(told, job === null ? null : BigInt(job));
  }

  /** One note for all rows that end in a turn of the event loop. */
  #noteEndings(): void {
    const endings = this.#endings.splice(0);
    this.#note('rowsEnded', { group: this.#group.name, rows: endings.map(({ ending }) => ending) });
    for (const { noted } of endings) noted();
  }

  /** Rows whose jobs never came are submitted. */
  #submitAgain(order: Order, { isKnown }: OrderOptions): void {
    for (const row of this.#running.values()) {
      if (isKnown(row.index)) continue;
      this.#running.delete(row.index);
      this.#ready.push(row);
    }
    if (order.closed) this.#dropReady();
  }

  #close(by: 'until' | 'cancel'): void {
    this.#note('searchClosed', { group: this.#group.name, by });
    if (this.#order !== null) this.#order.closed = true;
    this.#dropReady();
    this.#look();
  }

  #dropReady(): void {
    for (const row of this.#ready.splice(0)) {
      this.#running.set(row.index, row);
      this.end(row, { outcome: 'canceled', objective: null, values: {}, job: null });
    }
  }

  #isDone({ closed, options }: Order): boolean {
    if (options === null) return this.#running.size === 0;
    return closed && this.#running.size + this.#ready.length + this.#ends.length === 0 && !this.#busy;
  }

  /** Does what is due now. */
  #look(): void {
    const order = this.#order;
    if (order === null || order.options === null || this.#failed || this.#host.signal.aborted) return;
    const paused = this.#host.paused();
    if (paused !== null) {
      this.#lookAfter(paused);
      return;
    }
    while (this.#ready.length > 0 && this.#running.size < this.#ask.inFlight) {
      const row = this.#ready.shift() as OpenRow;
      this.#running.set(row.index, row);
      void this.#host.beside(this.#submit(row, order, order.options));
    }
    if (this.#busy) return;
    const count = this.#wanted(order, order.options);
    if (count > 0 || this.#ends.length > 0) {
      this.#busy = true;
      void this.#host.beside(this.#exchange(order, count));
    } else if (this.#isDone(order)) {
      this.#order = null;
      order.resolve();
    }
  }

  /** While the run is paused, no row is asked for or submitted. */
  #lookAfter(pause: Promise<void>): void {
    if (this.#waits) return;
    this.#waits = true;
    void pause.then(() => {
      this.#waits = false;
      this.#look();
    });
  }

  /** Rows to ask for now. */
  #wanted(order: Order, { limit }: OrderOptions): number {
    const { inFlight, ahead, rows } = this.#ask;
    const left = Math.min((limit ?? Infinity) - order.asked, (rows ?? Infinity) - this.#asked);
    if (left <= 0 || this.#over !== null) order.closed = true;
    if (order.closed || (this.#dry && this.#ends.length === 0)) return 0;
    return Math.max(0, Math.min(left, inFlight + ahead - this.#running.size - this.#ready.length));
  }

  async #submit(row: OpenRow, { key, reject }: Order, { rule, values }: OrderOptions): Promise<void> {
    const { firing, part } = key;
    try {
      const entry = this.#group.entries[0] as JobEntry;
      const parameters = { ...this.#ask.constants, ...this.#rowOf(row.cells) };
      const template = fillIn(entry, parameters, row.index, values);
      const origin = { rule, firing, part, index: row.index, attempt: 0 };
      const accepted = await this.#host.submit(template, 1, origin, () => {});
      if (accepted > 0 || this.#host.signal.aborted) return;
      // A limit was reached, or the group was canceled.
      this.cancel();
      this.end(row, { outcome: 'canceled', objective: null, values: {}, job: null });
    } catch (cause) {
      if (this.#host.signal.aborted) return;
      this.#fail(cause as Error, reject);
    }
  }

  /** Tells the optimizer of the rows that have ended, and asks it for `count` more. */
  async #exchange(order: Order, count: number): Promise<void> {
    const told = this.#ends.splice(0);
    try {
      this.#optimizer ??= await this.#begun();
      const answer = count === 0 ? await this.#call(told, 0).then(() => []) : await this.#call(told, count);
      const read = readAnswer(answer, this.#ask, this.#names);
      if (!read.ok) throw new InvalidAnswer(describeFaults(read));
      const { names, rows } = read.value;
      const taken = rows === null ? null : rows.slice(0, this.#room(order));
      await this.#host.note(
        runNote('exchanged', { group: this.#group.name, told: told.length, count, names, rows: taken }),
      );
      if (this.#host.signal.aborted || this.#failed) return;
      this.#answered(order, count, names, taken, rows?.length ?? 0);
    } catch (cause) {
      if (!(cause instanceof RunEnded) && !this.#host.signal.aborted)
        this.#fail(cause as Error, order.reject);
    } finally {
      this.#busy = false;
      this.#look();
    }
  }

  /** Rows of an answer that the limits allow. */
  #room(order: Order): number {
    const limit = order.options?.limit ?? Infinity;
    return Math.min(limit - order.asked, (this.#ask.rows ?? Infinity) - this.#asked);
  }

  #answered(
    order: Order,
    count: number,
    names: readonly string[],
    rows: readonly RowCells[] | null,
    given: number,
  ): void {
    if (rows === null) {
      this.#over = 'the optimizer has no more';
      order.closed = true;
      return;
    }
    if (given > count && count > 0 && !this.#surplus) {
      this.#surplus = true;
      this.#host.problem(`answered ${given} rows where ${count} were asked for; the others wait for room`);
    }
    const before = this.#ready.length;
    const waiting = new Map<number, OpenRow>();
    this.#add(order, names, rows, waiting);
    this.#ready.push(...waiting.values());
    this.#dry = given < count;
    const isIdle = before + this.#running.size + this.#ends.length + rows.length === 0;
    if (count > 0 && isIdle) {
      this.#over = 'the optimizer has no more';
      order.closed = true;
    } else if (order.closed) this.#dropReady();
  }

  /** Counts new rows, and adds them. */
  #add(order: Order, names: readonly string[], rows: readonly RowCells[], to: Map<number, OpenRow>): void {
    if (rows.length > 0) this.#names ??= names;
    for (const cells of rows) {
      const index = order.asked++;
      to.set(index, { row: this.#asked++, index, cells });
      this.#countRepeated(cells);
    }
  }

  #countRepeated(cells: RowCells): void {
    const hash = hashOf(JSON.stringify(cells));
    if (!this.#seen.has(hash)) {
      this.#seen.add(hash);
      return;
    }
    if (this.#repeated++ > 0) return;
    const words = (this.#names ?? []).map((name, i) => `${name}=${cells[i]}`).join(', ');
    this.#host.problem(
      `gave the row ${words} again; it runs again, and the end of the run has the number of such rows`,
    );
  }

  /** A row has ended: the optimizer will get its result. */
  #take(told: ToldRow, job: bigint | null): void {
    const { row, parameters, outcome, objective } = told;
    this.#ends.push(told);
    this.#ended++;
    if (outcome !== 'success' || objective === null) return;
    this.#successes++;
    if (this.#best === null || isBetter(this.#ask.direction, objective, this.#best.objective)) {
      this.#best = { row, job, objective, parameters };
    }
  }

  /** Starts the optimizer. It gets everything that an optimizer of an earlier process got. */
  async #begun(): Promise<Optimizer> {
    const optimizer = this.#host.start(this.#ask, this.#names);
    this.#optimizer = optimizer;
    let [first, differs] = [0, false];
    for (const { told: number, count, names, rows } of this.#history) {
      const answer = await this.#call(this.#toldBefore.slice(first, first + number), count);
      first += number;
      if (count === 0 || differs) continue;
      const read = readAnswer(answer, this.#ask, names.length === 0 ? null : names);
      const same = read.ok && isPrefix(rows, read.value.rows);
      if (!same) {
        differs = true;
        const what = 'gave other rows than before the run was resumed: it is not deterministic';
        this.#host.problem(
          `${what}. The rows in the log of the run are used; give its random numbers a seed`,
        );
      }
    }
    this.#history = [];
    this.#toldBefore = [];
    return optimizer;
  }

  #call(told: readonly ToldRow[], count: number): Promise<unknown> {
    const { timeout } = this.#ask;
    const work = () => (this.#optimizer as Optimizer).exchange(told, count);
    return withinTime(work, timeout, new AbortController(), this.#host.signal);
  }

  #fail(error: Error, reject = this.#order?.reject): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#order = null;
    void this.#optimizer?.close();
    reject?.(error);
  }

  #rowOf(cells: RowCells): Parameters {
    return Object.fromEntries((this.#names ?? []).map((name, i) => [name, cells[i] as string]));
  }

  #parametersOf(cells: RowCells): Parameters {
    return { ...plainRow(this.#ask.constants), ...this.#rowOf(cells) };
  }

  #note<Kind extends SearchNote['kind']>(kind: Kind, value: NoteOf<Kind>): void {
    void this.#host.note(runNote(kind, value as never)).catch(() => {});
  }
}

/** Whether rows of the log are the first ones of an answer. */
function isPrefix(rows: readonly RowCells[] | null, answer: readonly RowCells[] | null): boolean {
  if (rows === null || answer === null) return rows === answer;
  return JSON.stringify(rows) === JSON.stringify(answer.slice(0, rows.length));
}
