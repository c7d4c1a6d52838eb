/** The progress of a firing, or of a request from outside, as its notes say. */

import type { FiringNote } from './notes.js';

/** Rows of a group's parameters, by the number of jobs that were taken before. */
export interface TakenJobs {
  readonly group: string;
  readonly first: number;
  readonly count: number;
}

export class KnownProgress {
  /** By path. */
  readonly parts = new Map<string, number>();
  readonly taken = new Map<string, TakenJobs>();
  readonly sizes = new Map<string, number>();
  readonly begun = new Map<string, number>();
  readonly answers = new Map<string, unknown>();
  readonly went = new Set<string>();
  readonly steps = new Set<string>();
  finished = false;

  constructor(notes: Iterable<FiringNote>) {
    for (const note of notes) this.#add(note);
  }

  #add({ kind, value }: FiringNote): void {
    switch (kind) {
      case 'part':
        this.parts.set(value.path, value.part);
        break;
      case 'took':
        this.taken.set(value.path, value);
        break;
      case 'size':
        this.sizes.set(value.path, value.size);
        break;
      case 'begun':
        this.begun.set(value.path, (this.begun.get(value.path) ?? 0) + 1);
        break;
      case 'answer':
        this.answers.set(value.path, value.answer);
        break;
      case 'went':
        this.went.add(value.path);
        break;
      case 'step':
        this.steps.add(value.path);
        break;
      case 'finished':
        this.finished = true;
    }
  }
}
