/** Requests about the jobs of a run, and their answers, which a thread of its own gives. */

import type { FluxJob } from '../../members/flux/command.js';
import type { Means, Occupation, Span } from '../../store/jobs/occupation.js';
import type { Axis } from '../../store/jobs/plots/axis.js';
import type { HeatMap, HeatMapQuery } from '../../store/jobs/plots/heat-map.js';
import type { Scatter, ScatterQuery } from '../../store/jobs/plots/scatter.js';
import type { Variable } from '../../store/jobs/plots/variables.js';
import type { RowPlace } from '../../store/jobs/query.js';

/** The jobs that a request is about; null for all. */
export interface JobsFilter {
  readonly groups: readonly string[] | null;
  readonly results: readonly string[] | null;
  readonly where: string | null;
}

export interface PageRequest extends JobsFilter {
  readonly kind: 'page';
  readonly sort: string | null;
  readonly columns: readonly string[] | null;
  readonly limit: number;
  /** Jobs that are left out before, after the place `after`. */
  readonly skip: number;
  readonly after: RowPlace | null;
}

export interface JobRequest {
  readonly kind: 'job';
  readonly job: string;
}

export interface TimelineRequest extends JobsFilter {
  readonly kind: 'timeline';
  /** Parts of the time. */
  readonly parts: number;
  /** Jobs that started last, at most. */
  readonly latest: number;
}

export interface VariablesRequest extends JobsFilter {
  readonly kind: 'variables';
}

export interface HeatMapRequest extends JobsFilter, HeatMapQuery {
  readonly kind: 'heatMap';
}

export interface ScatterRequest extends JobsFilter, ScatterQuery {
  readonly kind: 'scatter';
}

export type JobsRequest =
  | PageRequest
  | JobRequest
  | TimelineRequest
  | VariablesRequest
  | HeatMapRequest
  | ScatterRequest;

/** The answer of a kind of request. */
export interface JobsAnswers {
  page: JobsPage;
  /** Null for an unknown job. */
  job: FoundJob | null;
  timeline: FoundTimeline;
  variables: FoundVariables;
  heatMap: FoundHeatMap;
  scatter: FoundScatter;
}

export interface JobsPage {
  /** JSON text of the list of jobs. */
  readonly jobs: string;
  readonly matching: number;
  readonly total: number;
  readonly columns: readonly string[];
  readonly damage: string | null;
  /** The place of the last job; null where no job follows. */
  readonly last: RowPlace | null;
}

export interface FoundJob {
  /** JSON text of the job. */
  readonly job: string;
  readonly attempts: number;
  readonly output: string | null;
  readonly error: string | null;
  /** The job in the instance that keeps its output; null where it has a file, or none. */
  readonly flux: FluxJob | null;
}

/** The jobs that a plot is about. */
export interface Plotted {
  /** Jobs that match the filter; attempts of one job count once. */
  readonly matching: number;
  readonly damage: string | null;
}

export interface FoundTimeline extends Plotted {
  /** Null without a job. */
  readonly timeline: {
    readonly span: Span;
    readonly running: Occupation;
    readonly pending: Occupation;
    /** Slots of the local member, or hosts, that jobs had; null where they are unknown. */
    readonly used: (Means & { readonly unit: 'slots' | 'nodes' }) | null;
  } | null;
  /** JSON text of the list of jobs that started last. */
  readonly latest: string;
}

export interface FoundVariables extends Plotted {
  readonly variables: readonly Variable[];
}

/** An axis without its function. */
export type PlainAxis = Omit<Axis, 'placeOf'>;

export interface FoundHeatMap extends Plotted, Omit<HeatMap, 'x' | 'y'> {
  readonly x: PlainAxis;
  readonly y: PlainAxis;
}

export interface FoundScatter extends Plotted, Scatter {}

/** A message to the thread. */
export interface JobsQuestion {
  readonly number: number;
  /** Folder of the run. */
  readonly folder: string;
  readonly request: JobsRequest;
}

/** A message from the thread: an answer, or the code and the message of an EnsembleError; without a code, a bug. */
export type JobsReply = { readonly number: number } & (
  | { readonly answer: JobsAnswers[keyof JobsAnswers] }
  | { readonly code: string | null; readonly message: string }
);
