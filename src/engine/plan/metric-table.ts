/** The metrics of an ensemble's rules. Rules refer to them by index, and each metric is listed once. */

import { formatMetricName } from '../../language/metric-name.js';
import {
  dividedBy,
  isOwnVariable,
  type MetricName,
  OBJECTIVE,
  quantileOf,
  type Statistic,
} from '../../model/metric-names.js';
import type { Direction } from '../../model/search.js';
import type { NativeStatistic, PlanMetric } from './plan.js';

/** The name of a statistic in the native engine. */
export function nativeStatistic(statistic: Statistic): { statistic: NativeStatistic; quantile: number } {
  const quantile = quantileOf(statistic);
  return quantile === null
    ? { statistic: statistic as NativeStatistic, quantile: 0 }
    : { statistic: 'quantile', quantile };
}

/** The index of a variable among those that a group's probes measure. */
export type ProbeIndex = (group: string, variable: string) => number;

/** The direction of the search of a group. */
export type DirectionOf = (group: string) => Direction;

/** The index of a parameter by which rules are divided. */
export type SplitIndex = (parameter: string) => number;

function compileMetric(
  metric: MetricName,
  group: number,
  fromZero: boolean,
  probeIndex: ProbeIndex,
  directionOf: DirectionOf,
  splitIndex: SplitIndex,
): PlanMetric {
  const name = formatMetricName(metric);
  const by = dividedBy(metric);
  const split = by === null ? null : splitIndex(by);
  const named = { name, group, fact: null, bound: null, split };
  const counted = { ...named, statistic: null, variable: null, probe: null, quantile: 0, fromZero };
  switch (metric.kind) {
    case 'hours':
    case 'fact':
      return {
        ...counted,
        fact: metric.kind === 'hours' ? metric.hours : metric.fact,
        count: null,
        window: 0,
      };
    case 'count':
      return { ...counted, count: metric.count, window: 0 };
    case 'bound': {
      const { of, side, level } = metric;
      const bound = { side, level };
      if ('share' in of) return { ...counted, count: of.share, window: 0, bound };
      return { ...named, ...variableOf(metric.group, of.variable), ...statisticOf(of.statistic), bound };
    }
    case 'rate':
      return { ...counted, count: metric.count, window: metric.window };
    case 'best': {
      const statistic = directionOf(metric.group) === 'minimize' ? 'min' : 'max';
      const probe = probeIndex(metric.group, OBJECTIVE);
      return { ...counted, count: null, statistic, variable: 'duration', probe, fromZero: false, window: 0 };
    }
    case 'statistic': {
      const { statistic, variable, window } = metric;
      const zero = fromZero && statistic === 'count';
      const common = { ...named, ...statisticOf(statistic), window: window ?? 0, fromZero: zero };
      return { ...common, ...variableOf(metric.group, variable) };
    }
  }

  function statisticOf(statistic: Statistic) {
    return { ...nativeStatistic(statistic), count: null, window: 0, fromZero: false };
  }

  function variableOf(owner: string, variable: string): Pick<PlanMetric, 'variable' | 'probe'> {
    if (isOwnVariable(variable)) return { variable, probe: null };
    return { variable: 'duration', probe: probeIndex(owner, variable) };
  }
}

export class MetricTable {
  readonly #groupIndex: (name: string) => number;
  readonly #probeIndex: ProbeIndex;
  readonly #directionOf: DirectionOf;
  readonly #splitIndex: SplitIndex;
  readonly #metrics: PlanMetric[] = [];
  readonly #indexes = new Map<string, number>();
  #taken = 0;

  constructor(
    groupIndex: (name: string) => number,
    probeIndex: ProbeIndex = () => -1,
    directionOf: DirectionOf = () => 'minimize',
    splitIndex: SplitIndex = () => -1,
  ) {
    this.#groupIndex = groupIndex;
    this.#probeIndex = probeIndex;
    this.#directionOf = directionOf;
    this.#splitIndex = splitIndex;
  }

  /**
   * The metric's index; a new metric is appended. With `fromZero`, a count that has never changed is 0, and so is a
   * number of observations.
   */
  indexOf(metric: MetricName, fromZero: boolean): number {
    const group = this.#groupIndex(metric.group);
    const compiled = compileMetric(
      metric,
      group,
      fromZero,
      this.#probeIndex,
      this.#directionOf,
      this.#splitIndex,
    );
    const key = JSON.stringify([compiled.name, compiled.fromZero]);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#metrics.push(compiled) - 1;
    this.#indexes.set(key, index);
    return index;
  }

  /** Metrics that were added since the last call, which an engine does not know yet. */
  takeNew(): PlanMetric[] {
    const fresh = this.#metrics.slice(this.#taken);
    this.#taken = this.#metrics.length;
    return fresh;
  }
}
