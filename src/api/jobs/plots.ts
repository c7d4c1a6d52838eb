/** Answers requests for plots of the jobs of a run. Their size does not depend on the number of jobs. */

import type { StoredJobs } from '../../run/open-run.js';
import { jsonLines } from '../../store/jobs/export.js';
import { lastAttempts } from '../../store/jobs/last-attempts.js';
import { latestStarted } from '../../store/jobs/latest.js';
import {
  hostIntervals,
  type Intervals,
  intervalsOf,
  meansOf,
  occupationOf,
  type Span,
  spanOf,
} from '../../store/jobs/occupation.js';
import { heatMapOf } from '../../store/jobs/plots/heat-map.js';
import { scatterOf } from '../../store/jobs/plots/scatter.js';
import { variablesOf } from '../../store/jobs/plots/variables.js';
import type { StoredRun } from '../../store/runs.js';
import type {
  FoundHeatMap,
  FoundScatter,
  FoundTimeline,
  FoundVariables,
  HeatMapRequest,
  ScatterRequest,
  TimelineRequest,
  VariablesRequest,
} from './request.js';

interface ReadRun {
  readonly run: StoredRun;
  readonly stored: StoredJobs;
}

/** Columns of the jobs that started last. */
const SHOWN = ['id', 'group', 'index', 'submit', 'start', 'finish', 'result'];

type PlotRequest = TimelineRequest | VariablesRequest | HeatMapRequest | ScatterRequest;

/** Answers a request about the rows that match its filter. Throws EnsembleError `ERR_RUN` for an unknown column. */
export function plotOf(
  read: ReadRun,
  matching: Uint32Array,
  request: PlotRequest,
): FoundTimeline | FoundVariables | FoundHeatMap | FoundScatter {
  const { table, damage } = read.stored;
  if (request.kind === 'timeline') {
    return { matching: matching.length, damage, ...timelineOf(read, matching, request) };
  }
  const rows = independent(read, matching);
  const of = { matching: rows.length, damage };
  switch (request.kind) {
    case 'variables':
      return { ...of, variables: variablesOf(table, rows) };
    case 'heatMap': {
      const { x, y, cells, jobs } = heatMapOf(table, rows, request);
      // A function can't leave the thread.
      const { placeOf: _x, ...plainX } = x;
      const { placeOf: _y, ...plainY } = y;
      return { ...of, x: plainX, y: plainY, cells, jobs };
    }
    case 'scatter':
      return { ...of, ...scatterOf(table, rows, request) };
  }
}

/** The rows that are last attempts. */
function independent({ stored: { table } }: ReadRun, rows: Uint32Array): Uint32Array {
  const isLast = new Uint8Array(table.length);
  for (const row of lastAttempts(table.jobs)) isLast[row] = 1;
  return rows.filter((row) => isLast[row] === 1);
}

function timelineOf(
  read: ReadRun,
  rows: Uint32Array,
  { parts, latest }: TimelineRequest,
): Pick<FoundTimeline, 'timeline' | 'latest'> {
  const { table } = read.stored;
  const shown = SHOWN.map((name) => table.column(name));
  const list = `[${[...jsonLines(table, latestStarted(table, rows, latest), shown, false)].join(',')}]`;
  const span = spanOf(table, rows, endOf(read));
  if (span === null) return { timeline: null, latest: list };
  const { running, pending } = intervalsOf(table, rows, span);
  return {
    timeline: {
      span,
      running: occupationOf(running, span, parts),
      pending: occupationOf(pending, span, parts),
      used: usedBy(read, rows, running, span, parts),
    },
    latest: list,
  };
}

/** The end of the plot. For a lost run it is the last end of a job. */
function endOf({ run: { manifest, state } }: ReadRun): number {
  return manifest.ended ?? (state === 'running' ? Date.now() / 1000 : manifest.started);
}

function usedBy(
  { run, stored: { table, places } }: ReadRun,
  rows: Uint32Array,
  running: Intervals,
  span: Span,
  parts: number,
): NonNullable<FoundTimeline['timeline']>['used'] {
  if (run.manifest.member !== 'local') {
    const hosts = hostIntervals(table, rows, running);
    return hosts === null ? null : { unit: 'nodes', ...meansOf(hosts, span, parts) };
  }
  const weight = (index: number) => places.slotsOf(rows[index] as number) ?? 1;
  return { unit: 'slots', ...meansOf({ ...running, weight }, span, parts) };
}
