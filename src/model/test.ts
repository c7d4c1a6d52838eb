/** `tests:` of a checked ensemble. Times are in seconds from the start of the test. */

import type { Condition } from './condition.js';
import type { MetricName } from './metric-names.js';
import type { ToldValue } from './tells.js';
import type { Row } from './written.js';

/** The jobs of a group that a line refers to. */
export type JobSelection =
  /** By their numbers, counted from 1 in the order of submission. */
  | { readonly kind: 'numbers'; readonly ranges: readonly (readonly [first: number, last: number])[] }
  /** This many of the jobs in a suitable state, the oldest first. */
  | { readonly kind: 'oldest'; readonly count: number }
  /** All jobs in a suitable state. */
  | { readonly kind: 'all' };

/** The outcome of a job: its exit code, the signal that ends it, or a fatal exception. */
export type Outcome =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly number: number }
  | { readonly kind: 'exception'; readonly type: string }
  /** Only a line of the script, its time limit, or a rule ends the job. */
  | { readonly kind: 'none' };

/** An event of jobs in a line of the script. */
export type ScriptEvent =
  | {
      readonly kind: 'submit';
      readonly group: string;
      readonly count: number;
      readonly held: boolean;
      /** In place of the group's own values. */
      readonly parameters: Row;
    }
  | { readonly kind: 'start'; readonly group: string; readonly jobs: JobSelection }
  | {
      readonly kind: 'end';
      readonly group: string;
      readonly jobs: JobSelection;
      readonly outcome: Exclude<Outcome, { readonly kind: 'none' }>;
    }
  /**
   * An exception that does not end the job (severity above 0), or another event of RFC 21 that changes no
   * state.
   */
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
  readonly scriptEvent: ScriptEvent;
  /** The text and its line, for messages. */
  readonly text: string;
  readonly line: number | null;
}

/** The course of a group's jobs: the n-th job takes the n-th item of each list. Lists repeat. */
export interface JobPlan {
  /** Least seconds from submission to start. */
  readonly wait: readonly number[];
  /** Seconds from start to end; empty when only the script ends the jobs. */
  readonly duration: readonly number[];
  readonly outcome: readonly Outcome[];
  /** Values of probe variables for successful jobs, by name. */
  readonly probes: ReadonlyMap<string, readonly number[]>;
  /** Values that jobs tell when they start, by name. */
  readonly tell: ReadonlyMap<string, readonly ToldValue[]>;
}

/** Synthetic jobs, with the options of `ensemble synth`, of some groups of the file. */
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
  /** The state that it leads to; null for any. */
  readonly goto: string | null;
  /** The rule's title, its trigger or, as `rules[1]`, its index; null for any rule. */
  readonly by: string | null;
  readonly text: string;
  readonly line: number | null;
}

/** The expected value of a metric at the end. */
export type ExpectedValue =
  | { readonly kind: 'near'; readonly value: number; readonly tolerance: number }
  | { readonly kind: 'condition'; readonly condition: Condition }
  /** It must not have a value yet. */
  | { readonly kind: 'none' };

export interface ExpectedMetric {
  /** The text as it was written. */
  readonly name: string;
  readonly metric: MetricName;
  readonly value: ExpectedValue;
  readonly text: string;
  readonly line: number | null;
}

export const TEST_ENDS = ['idle', 'terminated', 'stopped', 'until'] as const;
/** How a test's run ended; `until` when its time was over. */
export type TestEnd = (typeof TEST_ENDS)[number];

export interface Expectations {
  /** Seconds by which firings may come earlier or later. */
  readonly within: number;
  /** All firings, in order; null where they are not checked. */
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
      /** Slots that the jobs share; null for as many as they need. */
      readonly slots: number | null;
      /** Time of the start of the test, in seconds since the epoch. */
      readonly start: number;
      /** The latest end of the test. */
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
