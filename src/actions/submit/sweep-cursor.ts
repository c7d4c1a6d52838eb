/** The rows of a group's parameters that the next submission takes. */

import type { JobDraft, JobEntry, JobGroup } from '../../model/ensemble.js';
import type { Row } from '../../model/written.js';
import { type Tables, tablesOf } from '../../rows/tables.js';
import { type Portion, portionsOf } from './portions.js';

/** Jobs that are taken at once. More are made one after the other, while they are submitted. */
const MAX_TAKEN = 100_000;

/** An entry with other values, with which its draft is filled in later. */
export function rowOf(entry: JobEntry, parameters: Row): JobEntry {
  return { ...entry, parameters, values: {}, late: true, streamed: false };
}

/** The jobs of a group, round by round. Later rounds have newly drawn values. Ends when a round has no job. */
function* roundsOf({ entries }: JobGroup, onRound: () => void): Generator<Portion, void, void> {
  const tables = new Map<JobDraft, Tables>();
  for (let round = 0; ; round++) {
    /** The rows of drafts of which each row is an entry. */
    const drawn = new Map<JobDraft, Iterator<Row>>();
    let isEmpty = true;
    for (const entry of entries) {
      for (const portion of portionsIn(entry, round, tables, drawn)) {
        if (portion.count > 0) isEmpty = false;
        yield portion;
      }
    }
    if (isEmpty) return;
    onRound();
  }
}

function* portionsIn(
  entry: JobEntry,
  round: number,
  tables: Map<JobDraft, Tables>,
  drawn: Map<JobDraft, Iterator<Row>>,
): Generator<Portion, void, void> {
  const { draft, count, streamed } = entry;
  const sweep = draft?.sweep ?? null;
  const isSame = sweep === null || (!streamed && (sweep.kind === 'file' || sweep.draws.length === 0));
  if (draft === null || isSame) return yield { entry, count };
  const all = tables.get(draft) ?? tablesOf(sweep);
  tables.set(draft, all);
  if (streamed) {
    for (const row of all.next().value) yield { entry: rowOf(entry, row), count };
    return;
  }
  const rows = drawn.get(draft) ?? all.next().value[Symbol.iterator]();
  drawn.set(draft, rows);
  const row = rows.next().value as Row | undefined;
  // The entries were made of the first table.
  yield { entry: round === 0 || row === undefined ? entry : rowOf(entry, row), count };
}

/** A place in a group's jobs. It moves on with every job that is taken, and returns to the first one after the last. */
export class SweepCursor {
  readonly #portions: Generator<Portion, void, void>;
  #current: JobEntry | null = null;
  /** Jobs of the current entry that are left. */
  #left = 0;
  /** Rounds that have ended. */
  rounds = 0;

  constructor(group: JobGroup) {
    this.#portions = roundsOf(group, () => this.rounds++);
  }

  /** The next jobs of the group, which are made as they are taken. Taking them throws RowError. */
  *take(count: number): Generator<Portion, void, void> {
    for (let missing = count; missing > 0; ) {
      while (this.#left === 0) {
        const next = this.#portions.next().value;
        if (!next) return;
        this.#current = next.entry;
        this.#left = next.count;
      }
      const taken = Math.min(missing, this.#left);
      missing -= taken;
      this.#left -= taken;
      yield { entry: this.#current as JobEntry, count: taken };
    }
  }

  /** Passes over jobs. */
  skip(count: number): void {
    for (const _ of this.take(count));
  }

  /** Closes the files that are read. */
  close(): void {
    this.#portions.return();
  }
}

/** The first jobs of a group, which begins again after the last one. Throws RowError. */
export function firstJobs(group: JobGroup, count: number): Portion[] {
  if (!group.entries.some(({ streamed }) => streamed)) return portionsOf(group, count);
  const cursor = new SweepCursor(group);
  try {
    return [...cursor.take(count)];
  } finally {
    cursor.close();
  }
}

/** The cursors of all groups with parameters. */
export class SweepCursors {
  readonly #cursors = new Map<string, SweepCursor>();
  /** Jobs of each group that were taken. */
  readonly #positions = new Map<string, number>();

  /** Jobs of a group that were taken so far. */
  position(group: string): number {
    return this.#positions.get(group) ?? 0;
  }

  /** Continues after this many jobs. */
  moveTo(group: string, position: number): void {
    this.#positions.set(group, position);
    this.#drop(group);
  }

  /** The next jobs of a group; many of them are made only when they are taken. Throws RowError, as taking them does. */
  take(
    group: JobGroup,
    count: number,
    isDone: ((portion: Portion) => boolean) | null = null,
  ): Iterable<Portion> {
    if (group.count === 0) return [];
    const { name } = group;
    const position = this.position(name);
    if (isDone !== null) {
      const taken = this.#countTaken(group, count, isDone);
      this.moveTo(name, position + taken);
      return this.takeAgain(group, position, taken);
    }
    this.#positions.set(name, position + count);
    if (count > MAX_TAKEN) {
      // Jobs after these are taken from the first row on, which is rare.
      this.#drop(name);
      return this.takeAgain(group, position, count);
    }
    const cursor = this.#cursors.get(name) ?? cursorAt(group, position);
    this.#cursors.set(name, cursor);
    return [...cursor.take(count)];
  }

  /** The jobs that were taken after `first` others. */
  *takeAgain(group: JobGroup, first: number, count: number): Generator<Portion, void, void> {
    if (group.count === 0) return;
    const cursor = cursorAt(group, first);
    try {
      yield* cursor.take(count);
    } finally {
      cursor.close();
    }
  }

  /** The number of jobs that are taken until `count` of them are not done, or all of a round are. */
  #countTaken(group: JobGroup, count: number, isDone: (portion: Portion) => boolean): number {
    const cursor = cursorAt(group, this.position(group.name));
    let taken = 0;
    let found = 0;
    /** The round of the last job that was not done. */
    let last = cursor.rounds;
    for (const portion of cursor.take(Number.POSITIVE_INFINITY)) {
      if (cursor.rounds > last + 1) break;
      taken += portion.count;
      if (isDone(portion)) continue;
      last = cursor.rounds;
      found += portion.count;
      if (found >= count) break;
    }
    cursor.close();
    return taken;
  }

  #drop(group: string): void {
    this.#cursors.get(group)?.close();
    this.#cursors.delete(group);
  }
}

function cursorAt(group: JobGroup, position: number): SweepCursor {
  const cursor = new SweepCursor(group);
  cursor.skip(position);
  return cursor;
}
