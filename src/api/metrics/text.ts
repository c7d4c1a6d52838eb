/** Families of metrics as text: OpenMetrics 1.0, and the older format of Prometheus. */

import { classicBuckets } from './buckets.js';
import type { Family, HistogramSample, Labels } from './family.js';

const escaped = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

/** `1.0`: OpenMetrics wants a decimal point in bounds. */
const boundOf = (bound: number) => (Number.isInteger(bound) ? `${bound}.0` : String(bound));

function* histogramLines(name: string, { labels, state }: HistogramSample): Generator<string> {
  const bucket = (le: string, count: number) => `${name}_bucket${labelsOf({ ...labels, le })} ${count}`;
  for (const [bound, count] of classicBuckets(state)) yield bucket(boundOf(bound), count);
  yield bucket('+Inf', state.count);
  yield `${name}_sum${labelsOf(labels)} ${numberOf(state.sum)}`;
  yield `${name}_count${labelsOf(labels)} ${state.count}`;
}

function* linesOf(family: Family, openMetrics: boolean): Generator<string> {
  const { name, type, help, unit } = family;
  // Only OpenMetrics has the name of a counter without its suffix.
  const shown = type === 'counter' && !openMetrics ? `${name}_total` : name;
  yield `# TYPE ${shown} ${type}`;
  if (openMetrics && unit !== undefined) yield `# UNIT ${shown} ${unit}`;
  yield `# HELP ${shown} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`;
  if (family.type === 'histogram') {
    for (const sample of family.samples) yield* histogramLines(name, sample);
    return;
  }
  const suffix = type === 'counter' ? '_total' : '';
  for (const { labels, value } of family.samples)
    yield `${name}${suffix}${labelsOf(labels)} ${numberOf(value)}`;
}

/** The families as text. Those without samples are left out. */
export function metricsText(families: readonly Family[], openMetrics: boolean): string {
  const lines: string[] = [];
  for (const family of families) if (family.samples.length > 0) lines.push(...linesOf(family, openMetrics));
  if (openMetrics) lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}
