/** `tests:` of an ensemble as the rest of the program sees them. Times are in seconds from the start of the test. */

import type { Condition } from './condition.js';
import type { MetricName } from './metric-names.js';
import type { Row } from './written.js';

/** Which jobs of a group a line means. */
export type JobSelection =
  /** By their numbers, counted from 1 in the order of submission. */
  | { readonly kind: 'numbers'; readonly ranges: readonly (readonly [first: number, last: number])[] }
  /** As many as that of those that can do what is asked, the oldest first. */
  | { readonly kind: 'oldest'; readonly count: number }
  /** All that can. */
  | { readonly kind: 'all' };

/** What becomes of a job: its exit code, the signal that ends it, or a fatal exception. */
export type Outcome =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly number: number }
  | { readonly kind: 'exception'; readonly type: string }
  /** Nothing ends it but a line of the script, its time limit, or a rule. */
  | { readonly kind: 'none' };

/** Something that happens to jobs, as a line of the script says it. */
export type Happening =
  | {
      readonly kind: 'submit';
      readonly group: string;
      readonly count: number;
      readonly held: boolean;
      /** In place of the group's own. */
      readonly parameters: Row;
    }
  | { readonly kind: 'start'; readonly group: string; readonly jobs: JobSelection }
  | {
      readonly kind: 'end';
      readonly group: string;
      readonly jobs: JobSelection;
      readonly outcome: Exclude<Outcome, { readonly kind: 'none' }>;
    }
  /** An exception that ends nothing (severity above 0), or another event of RFC 21 that changes no state. */
  | {
      readonly kind: 'exception';
      readonly group: string;
      readonly jobs: JobSelection;
      readonly type: string;
      readonly severity: number;
    }
  | { readonly kind: 'event'; readonly group: string; readonly jobs: JobSelection; readonly name: string }
  | { readonly kind: 'heartbeat' };

export interface ScriptLine {
  readonly time: number;
  readonly happening: Happening;
  /** As it was written, and on which line, for messages. */
  readonly text: string;
  readonly line: number | null;
}

/** What the jobs of a group do by themselves: the n-th job takes the n-th of each list, which begin again. */
export interface JobPlan {
  /** Least seconds from submission to start. */
  readonly wait: readonly number[];
  /** Seconds from start to end; empty when nothing but the script ends them. */
  readonly duration: readonly number[];
  readonly outcome: readonly Outcome[];
  /** What probes measure of jobs that end well, by name. */
  readonly probes: ReadonlyMap<string, readonly number[]>;
}

/** Synthetic jobs, in the terms of `ensemble synth`, of some groups of the file. */
export interface SynthSettings {
  readonly groupNames: readonly string[];
  readonly jobs?: number | undefined;
  readonly failures?: number | undefined;
  readonly seed?: number | undefined;
  readonly slots?: number | undefined;
  readonly rate?: number | undefined;
  readonly meanDuration?: number | undefined;
}

export interface ExpectedFiring {
  readonly time: number;
  readonly action: string;
  readonly label: string | null;
  /** The state that it leads to; null when nothing is said of that. */
  readonly goto: string | null;
  /** The rule's title, its trigger or, as `rules[1]`, its index; null when any will do. */
  readonly by: string | null;
  readonly text: string;
  readonly line: number | null;
}

/** What a metric must be in the end. */
export type ExpectedValue =
  | { readonly kind: 'near'; readonly value: number; readonly tolerance: number }
  | { readonly kind: 'condition'; readonly condition: Condition }
  /** It must not have a value yet. */
  | { readonly kind: 'none' };

export interface ExpectedMetric {
  /** As it was written. */
  readonly name: string;
  readonly metric: MetricName;
  readonly value: ExpectedValue;
  readonly text: string;
  readonly line: number | null;
}

export const TEST_ENDS = ['idle', 'terminated', 'stopped', 'until'] as const;
/** How a test's run came to its end; `until` when its time was over. */
export type TestEnd = (typeof TEST_ENDS)[number];

export interface Expectations {
  /** Seconds by which firings may come earlier or later. */
  readonly within: number;
  /** All firings, in order; null when nothing is said of them. */
  readonly firings: readonly ExpectedFiring[] | null;
  readonly metrics: readonly ExpectedMetric[];
  readonly end: TestEnd | null;
  /** The state of the ensemble at the end. */
  readonly state: string | null;
}

export type TestInput =
  /** The jobs that rules and the script submit, in virtual time. */
  | {
      readonly kind: 'script';
      readonly lines: readonly ScriptLine[];
      /** By group. */
      readonly plans: ReadonlyMap<string, JobPlan>;
      /** Slots that jobs share; null for as many as they ask for. */
      readonly slots: number | null;
      /** Of the start of the test, in seconds since the epoch. */
      readonly start: number;
      /** The test ends then at the latest. */
      readonly until: number;
    }
  /** A recording, as `ensemble replay` takes it. Absolute. */
  | { readonly kind: 'recording'; readonly path: string }
  | { readonly kind: 'synth'; readonly settings: SynthSettings };

/** One of the `tests:` of an ensemble. */
export interface TestCase {
  readonly name: string;
  readonly line: number | null;
  readonly input: TestInput;
  readonly expect: Expectations;
}
