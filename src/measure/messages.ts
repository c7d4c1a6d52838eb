/** Messages between the run and the process that reads files. */

import type { JobFacts } from '../model/job-facts.js';
import type { Finding, MeasureEntry } from '../model/measure.js';

/** A job whose files are read. */
export interface MeasuredJob {
  readonly facts: JobFacts;
  /** Its files in the folder of the run, absolute; null where the run keeps none for it. */
  readonly kept: { readonly output: string; readonly error: string } | null;
  /** The eventlog of its output (RFC 24) that Flux keeps; null where it is in files or unknown. */
  readonly log: string | null;
}

export interface ToReader {
  readonly kind: 'read';
  readonly number: number;
  readonly job: MeasuredJob;
  readonly entries: readonly MeasureEntry[];
  /** Stamps of files that were read before (see `readJob`). A file with the same stamp is not read again. */
  readonly stamps: Readonly<Record<string, string>>;
}

export interface FromReader {
  readonly kind: 'read';
  readonly number: number;
  /** Findings in the files that have changed. */
  readonly findings: readonly Finding[];
  readonly stamps: Readonly<Record<string, string>>;
  /** The last lines of the output, where a value is missing. */
  readonly tail: readonly string[];
}
