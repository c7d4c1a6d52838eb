/** The urgencies of jobs that were lost: they are submitted again with those that they had got. */

import type { Engine } from '../engine/engine.js';
import type { JobOrigin } from '../model/firing.js';
import type { Retry } from '../model/retry.js';
import { type RunNote, runNote } from './notes.js';

type Key = Pick<JobOrigin, 'firing' | 'part' | 'index'> & { readonly fromOutside: boolean };

const textOf = ({ firing, part, index, fromOutside }: Key) => `${fromOutside} ${firing} ${part} ${index}`;

export class LostUrgencies {
  readonly #log: Pick<Engine, 'note'>;
  readonly #ofJobs = new Map<bigint, number>();
  /** For jobs that were submitted again: by their origin. */
  readonly #ofOrigins = new Map<string, number>();

  constructor(log: Pick<Engine, 'note'>) {
    this.#log = log;
  }

  /** Takes in a note of an earlier process. */
  add({ kind, value }: Extract<RunNote, { kind: 'urgency' | 'urgencyOf' }>): void {
    if (kind === 'urgencyOf') this.#ofOrigins.set(textOf(value), value.urgency);
    else for (const job of value.jobs) this.#ofJobs.set(job, value.urgency);
  }

  /** The urgency of a job that is submitted again; null for that of its entry. */
  of({ lost, job, rule, firing, part, index }: Retry): number | null {
    if (!lost) return null;
    const key = { firing, part, index, fromOutside: rule < 0 };
    const urgency = this.#ofJobs.get(job) ?? this.#ofOrigins.get(textOf(key)) ?? null;
    // It may be lost again.
    if (urgency !== null) void this.#log.note(runNote('urgencyOf', { ...key, urgency })).catch(() => {});
    return urgency;
  }
}
