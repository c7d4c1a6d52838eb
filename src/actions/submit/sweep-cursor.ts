/** The rows of a group's parameters that the next submission takes. */

import { tablesOf } from '../../language/sweep.js';
import type { JobDraft, JobEntry, JobGroup } from '../../model/ensemble.js';
import type { Row } from '../../model/written.js';
import type { Portion } from './portions.js';

type Tables = ReturnType<typeof tablesOf>;

/** A place in a group's jobs. It moves on with every job that is taken, and returns to the first one after the last. */
export class SweepCursor {
  /** The group's entries. In later rounds, the drawing of rows continues where the last round ended. */
  #entries: readonly JobEntry[];
  readonly #tables = new Map<JobDraft, Tables>();
  #entry = 0;
  /** Jobs of the current entry that were taken. */
  #taken = 0;

  constructor({ entries }: JobGroup) {
    this.#entries = entries;
    for (const { draft } of entries) {
      if (!draft?.sweep || draft.sweep.draws.length === 0 || this.#tables.has(draft)) continue;
      const tables = tablesOf(draft.sweep);
      // The entries were made of the first table.
      tables.next();
      this.#tables.set(draft, tables);
    }
  }

  /** The next jobs of the group. */
  take(count: number): Portion[] {
    const portions: Portion[] = [];
    for (let left = count; left > 0; ) {
      const portion = this.#next(left);
      left -= portion.count;
      if (portion.count > 0) portions.push(portion);
    }
    return portions;
  }

  /** Jobs of the current entry, at most this many. */
  #next(most: number): Portion {
    const entry = this.#entries[this.#entry] as JobEntry;
    const count = Math.min(most, entry.count - this.#taken);
    this.#taken += count;
    if (this.#taken === entry.count) {
      this.#taken = 0;
      this.#entry = (this.#entry + 1) % this.#entries.length;
      if (this.#entry === 0) this.#draw();
    }
    return { entry, count };
  }

  #draw(): void {
    const rows = new Map([...this.#tables].map(([draft, tables]) => [draft, tables.next().value.values()]));
    this.#entries = this.#entries.map((entry) => {
      const parameters = entry.draft === null ? undefined : rows.get(entry.draft)?.next().value;
      return parameters === undefined ? entry : redrawn(entry, parameters);
    });
  }
}

/** The same entry with other values, with which its draft is filled in later. */
function redrawn(entry: JobEntry, parameters: Row): JobEntry {
  return { ...entry, parameters, values: {}, late: true };
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
    this.#cursors.delete(group);
  }

  /** The next jobs of a group. */
  take(group: JobGroup, count: number): Portion[] {
    if (group.count === 0) return [];
    const { name } = group;
    const position = this.position(name);
    const cursor = this.#cursors.get(name) ?? cursorAt(group, position);
    this.#cursors.set(name, cursor);
    this.#positions.set(name, position + count);
    return cursor.take(count);
  }

  /** The jobs that were taken after `first` others. */
  takeAgain(group: JobGroup, first: number, count: number): Portion[] {
    return group.count === 0 ? [] : cursorAt(group, first).take(count);
  }
}

function cursorAt(group: JobGroup, position: number): SweepCursor {
  const cursor = new SweepCursor(group);
  cursor.take(position);
  return cursor;
}
