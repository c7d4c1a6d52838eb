/** The content of a report. Its sections read it, and compute nothing about the run that another part owns. */

import type { FailureCause } from '../../model/failure.js';
import type { RulePhase } from '../../model/rule-report.js';
import type { Blame } from '../../store/blame/blame.js';
import type { JobTable } from '../../store/jobs/table.js';
import type { Html } from './html.js';

export type Fact = readonly [name: string, value: string];

/** Failed jobs of a group with one reason. Attempts of one job count once. */
export interface ReportFailure extends FailureCause {
  readonly group: string;
  readonly count: number;
  /** The first of them. */
  readonly jobs: readonly bigint[];
  /** The last line that the first of them printed; null where it is unknown. */
  readonly line: string | null;
}

export interface ReportRule {
  readonly name: string;
  /** When it is due, and what it does then, in words. */
  readonly due: string;
  readonly action: string;
  readonly firings: number;
  /** Null for a run that has ended. */
  readonly phase: RulePhase | null;
  /** Why it never fired, or what prevented more firings. */
  readonly why: string;
  /** Times of its known firings, in seconds since the epoch, ascending. */
  readonly times: readonly number[];
}

export interface ReportContent {
  readonly title: string;
  /** `Run k3f9ab`, `Recording queue.ndjson`. */
  readonly subtitle: string;
  /** How it ended, in words, and whether that is good. */
  readonly end: { readonly text: string; readonly kind: 'good' | 'bad' | 'open' };
  /** The file, times and state. */
  readonly facts: readonly Fact[];
  /** Facts that are unknown or incomplete. */
  readonly warnings: readonly string[];
  readonly table: JobTable;
  /** Seconds since the epoch: its beginning, and the time up to which active jobs count. */
  readonly begin: number;
  readonly until: number;
  readonly failures: readonly ReportFailure[];
  /** Null where the rules are unknown; a warning says why. */
  readonly rules: readonly ReportRule[] | null;
  readonly blame: Blame;
  readonly environment: readonly Fact[];
  /** The file of the ensemble; null where it is unknown. */
  readonly file: { readonly name: string; readonly text: string } | null;
}

/** A section of the page, in one file of its own. */
export interface Section {
  /** Anchor of the section. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}
