/**
 * Names of counts, statistics and variables. The lists of counts and statistics are in the order in which the native engine
 * keeps them; the loader of the addon compares them with those of the addon.
 */

import { formatDuration } from '../text/duration.js';

/** The statistics that are kept of each variable of each group; quartiles, iqr and mad are P² estimates. */
export const STATISTICS = ['mean', 'variance', 'min', 'max', 'iqr', 'mad', 'q25', 'q50', 'q75'] as const;

/** A statistic that is kept of each variable of each group. */
export type KeptStatistic = (typeof STATISTICS)[number];

/** Statistics that are kept only where a rule names them; so are percentiles. */
export const ASKED_STATISTICS = ['median', 'std', 'sum', 'last', 'count', 'ewma', 'piqr', 'pmad'] as const;

/**
 * A statistic of a variable. All but the kept ones are kept where a rule names them: `median`, `piqr`, `pmad` and
 * percentiles (`p95`, `p99.9`) come from a sketch, which is within 0.54 % of the exact value.
 */
export type Statistic = KeptStatistic | (typeof ASKED_STATISTICS)[number] | `p${number}`;

/** Variables that are measured for each job, in seconds. */
export const VARIABLES = ['duration', 'pending'] as const;

/** `duration` is from start to finish, `pending` from submit to start. */
export type Variable = (typeof VARIABLES)[number];

/** The variable of a group with a search that holds the objective of each row that succeeded. */
export const OBJECTIVE = 'objective';

/** The counts of each group. */
export const COUNTS = [
  'submitted',
  'finished',
  'success',
  'failed',
  'canceled',
  'timeout',
  'exception',
  'retried',
  'pending',
  'running',
  'queued',
] as const;

/** A count of each group; `pending`, `running` and `queued` (held back by a limit) are gauges, the others only grow. */
export type Count = (typeof COUNTS)[number];

/** Counts that rise and fall: the current number of jobs. */
export const GAUGES: readonly Count[] = ['pending', 'running', 'queued'];

/** Hours for which jobs of a group have had nodes or cores. */
export const HOURS = ['nodehours', 'corehours'] as const;
export type HoursName = (typeof HOURS)[number];

/** Facts about the allocation of the run: its size in nodes or slots, and the seconds until it ends. */
export const FACTS = ['size', 'timeleft'] as const;
export type FactName = HoursName | (typeof FACTS)[number];

/** The sides of the interval of a confidence sequence, and half of its width. */
export const BOUND_SIDES = ['lower', 'upper', 'halfwidth'] as const;
export type BoundSide = (typeof BOUND_SIDES)[number];

/** Counts that have a share of the jobs that succeeded or failed; a timeout is a failure. */
export const SHARED_COUNTS = ['success', 'failed', 'timeout'] as const satisfies readonly Count[];
export type SharedCount = (typeof SHARED_COUNTS)[number];

/** Something that a confidence sequence bounds: a mean, a quantile, or a share of a group's jobs. */
export type Bounded =
  | { readonly statistic: 'mean' | 'median' | `p${number}`; readonly variable: string }
  | { readonly share: SharedCount };

/** Variables by group that probes measure and jobs tell; null where they are unknown. */
export type ProbeNames = ReadonlyMap<string, readonly string[] | null>;

/**
 * The names of a group's probe variables: the numbers that its probes measure, then those that its jobs tell, and the
 * objective of its search.
 */
export function probedOf({
  probes,
  tells,
  ask,
}: {
  readonly probes: readonly { readonly values: readonly string[] }[];
  readonly tells: { readonly numbers: readonly string[] };
  readonly ask: object | null;
}): string[] {
  return [...probes.flatMap(({ values }) => values), ...tells.numbers, ...(ask === null ? [] : [OBJECTIVE])];
}

/** Groups with a search, with the variable that it optimizes; null where that is unknown. */
export type ObjectiveNames = ReadonlyMap<string, string | null>;

/** Names of job groups, with the probe variables of some of them, and the objectives of searches. */
export class GroupNames extends Set<string> {
  readonly probes: ProbeNames;
  readonly objectives: ObjectiveNames;

  constructor(names: Iterable<string>, probes: ProbeNames, objectives: ObjectiveNames = new Map()) {
    super(names);
    this.probes = probes;
    this.objectives = objectives;
  }
}

/**
 * The variables of a group: the common ones and its probe variables. An unknown group gets the probe
 * variables of all groups. Null when some are unknown.
 */
export function variablesOf(groups: ReadonlySet<string> | null, group: string): readonly string[] | null {
  if (groups === null) return null;
  if (!(groups instanceof GroupNames)) return VARIABLES;
  const probed = groups.has(group) ? [groups.probes.get(group) ?? []] : [...groups.probes.values()];
  if (groups.probes.get(group) === null || probed.includes(null)) return null;
  return [...VARIABLES, ...probed.flatMap((names) => names ?? [])];
}

/** Whether every group has the variable. */
export function isOwnVariable(name: string): name is Variable {
  return (VARIABLES as readonly string[]).includes(name);
}

const PERCENTILE = /^p(\d{1,3}(?:\.\d+)?)$/;

/** The quantile, from 0 to 1, of `p95`, `p99.9` or `median`; null for other names. */
export function quantileOf(statistic: string): number | null {
  if (statistic === 'median') return 0.5;
  const percent = Number(PERCENTILE.exec(statistic)?.[1] ?? Number.NaN);
  return percent <= 100 ? percent / 100 : null;
}

/** Whether the statistic is kept of every stream. */
export function isKept(statistic: Statistic): statistic is KeptStatistic {
  return (STATISTICS as readonly string[]).includes(statistic);
}

/** Whether the text is the name of a statistic. */
export function isStatistic(text: string): text is Statistic {
  return (
    ([...STATISTICS, ...ASKED_STATISTICS] as readonly string[]).includes(text) || quantileOf(text) !== null
  );
}

/** The prefix of a parameter by which jobs are divided. */
export const BY_PARAMETER = 'parameters.';

/** The parameter by which a metric is divided; null for one of all jobs of a group. */
export function dividedBy(metric: MetricName): string | null {
  return 'by' in metric ? (metric.by ?? null) : null;
}

/** Writes a metric's name so that `parseMetricName` (rules/metric-name.ts) reads the same one back. */
export function formatMetricName(metric: MetricName): string {
  const parameter = dividedBy(metric);
  const by = parameter === null ? '' : `, by ${BY_PARAMETER}${parameter}`;
  switch (metric.kind) {
    case 'count':
      return by === ''
        ? `count.${metric.group}.${metric.count}`
        : `count(${metric.group}.${metric.count}${by})`;
    case 'hours':
      return `${metric.hours}.${metric.group}`;
    case 'fact':
      return metric.fact;
    case 'best':
      return `best.${metric.group}.${metric.variable}`;
    case 'bound':
      return `${metric.side}(${formatBounded(metric, by)}, ${percentOf(metric.level)}%)`;
    case 'rate':
      return `rate(count.${metric.group}.${metric.count}, ${formatDuration(metric.window)}${by})`;
    case 'statistic':
      if (metric.window === null && by === '') {
        return `${metric.statistic}.${metric.group}-${metric.variable}`;
      }
      return `${metric.statistic}(${metric.group}.${metric.variable}${windowOf(metric.window)}${by})`;
  }
}

/** `mean(melt.energy)`, `share(count.melt.failed)` */
function formatBounded({ group, of }: MetricName & { kind: 'bound' }, by: string): string {
  return 'share' in of
    ? `share(count.${group}.${of.share}${by})`
    : `${of.statistic}(${group}.${of.variable}${by})`;
}

function windowOf(window: number | null): string {
  return window === null ? '' : `, ${formatDuration(window)}`;
}

/** 0.95 is 95, and 0.999 is 99.9. */
function percentOf(level: number): number {
  return Number((level * 100).toPrecision(12));
}

/** A parsed metric name: `mean.lammps-duration`, `count.lammps.success`, `rate(count.lammps.failed, 10m)`. */
export type MetricName =
  | {
      readonly kind: 'statistic';
      readonly statistic: Statistic;
      readonly group: string;
      /** `Variable`, or a probe variable of the group. */
      readonly variable: string;
      /** Seconds of the window that ends now; null for the whole run. */
      readonly window: number | null;
      /** The parameter for each value of which there is a metric; absent for one metric of all jobs. */
      readonly by?: string;
    }
  | {
      readonly kind: 'count';
      readonly group: string;
      readonly count: Count;
      readonly by?: string;
    }
  /** The best objective of a search, whose objective is this variable. */
  | { readonly kind: 'best'; readonly group: string; readonly variable: string }
  | { readonly kind: 'hours'; readonly group: string; readonly hours: HoursName }
  | { readonly kind: 'fact'; readonly group: ''; readonly fact: (typeof FACTS)[number] }
  /** An end or the half width of a confidence sequence, whose level is above 0 and below 1. */
  | {
      readonly kind: 'bound';
      readonly side: BoundSide;
      readonly level: number;
      readonly group: string;
      readonly of: Bounded;
      readonly by?: string;
    }
  /** Growth per second, over a window of this many seconds. */
  | {
      readonly kind: 'rate';
      readonly group: string;
      readonly count: Count;
      readonly window: number;
      readonly by?: string;
    };
