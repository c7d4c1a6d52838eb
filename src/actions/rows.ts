/** Which rows of a group's parameters are next. */

import { tablesOf } from '../language/sweep.js';
import type { JobDraft, JobEntry, JobGroup } from '../model/ensemble.js';
import type { Portion } from '../model/portions.js';
import type { Row } from '../model/written.js';

type Tables = ReturnType<typeof tablesOf>;

/** A place in a group's jobs that moves on with every job taken, and behind the last one begins anew. */
class Cursor {
  /** The group's entries, in later rounds with rows that go on where the drawing of the last round ended. */
  #entries: readonly JobEntry[];
  readonly #tables = new Map<JobDraft, Tables>();
  #entry = 0;
  /** Jobs of that entry that were taken. */
  #taken = 0;

  constructor({ entries }: JobGroup) {
    this.#entries = entries;
    for (const { draft } of entries) {
      if (!draft?.sweep || draft.sweep.draws.length === 0 || this.#tables.has(draft)) continue;
      const tables = tablesOf(draft.sweep);
      // The first is what the entries were made of.
      tables.next();
      this.#tables.set(draft, tables);
    }
  }

  next(most: number): Portion {
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

/** The same entry with other values, which its draft is to be filled in with. */
function redrawn(entry: JobEntry, parameters: Row): JobEntry {
  return { ...entry, parameters, values: {}, late: true };
}

/** Where every group with parameters is. */
export class RowCursors {
  readonly #cursors = new Map<string, Cursor>();

  /** The next jobs of a group. */
  take(group: JobGroup, count: number): Portion[] {
    if (group.count === 0) return [];
    let cursor = this.#cursors.get(group.name);
    if (cursor === undefined) {
      cursor = new Cursor(group);
      this.#cursors.set(group.name, cursor);
    }
    const portions: Portion[] = [];
    for (let left = count; left > 0; ) {
      const portion = cursor.next(left);
      left -= portion.count;
      if (portion.count > 0) portions.push(portion);
    }
    return portions;
  }
}
