/** Families of metrics as text: OpenMetrics 1.0, and the older format of Prometheus. */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Appended to the name of the family: `_bucket`. */
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly unit?: 'seconds';
  readonly samples: readonly Sample[];
}

export const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
export const PLAIN = 'text/plain; version=0.0.4; charset=utf-8';

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

function* linesOf({ name, type, help, unit, samples }: Family, openMetrics: boolean): Generator<string> {
  // Only OpenMetrics has the name of a counter without its suffix.
  const shown = type === 'counter' && !openMetrics ? `${name}_total` : name;
  yield `# TYPE ${shown} ${type}`;
  if (openMetrics && unit !== undefined) yield `# UNIT ${shown} ${unit}`;
  yield `# HELP ${shown} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`;
  for (const { suffix = type === 'counter' ? '_total' : '', labels, value } of samples) {
    yield `${name}${suffix}${labelsOf(labels)} ${numberOf(value)}`;
  }
}

/** The families as text. Those without samples are left out. */
export function metricsText(families: readonly Family[], openMetrics: boolean): string {
  const lines: string[] = [];
  for (const family of families) if (family.samples.length > 0) lines.push(...linesOf(family, openMetrics));
  if (openMetrics) lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}
