import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMetricName, parseMetricName, parseWindowedMetric } from '../../../src/language/metric-name.js';
import {
  ASKED_STATISTICS,
  BOUND_SIDES,
  COUNTS,
  GAUGES,
  type MetricName,
  SHARED_COUNTS,
  STATISTICS,
  VARIABLES,
} from '../../../src/model/metric-names.js';
import { describeFaults, messagesOf } from '../../../src/text/result.js';

const group = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'B', '7', '.', '-', '_', ' ', 'é') });
const statistics = [...STATISTICS, ...ASKED_STATISTICS, 'p0', 'p5', 'p99.9', 'p99.99', 'p100'] as const;
const by = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,5}$/);
const windows = [0.25, 1, 90, 600, 1800, 7200, 86_400, 0.001] as const;
const metric: fc.Arbitrary<MetricName> = fc.oneof(
  fc.record({
    kind: fc.constant('statistic' as const),
    statistic: fc.constantFrom(...statistics),
    group,
    variable: fc.constantFrom(...VARIABLES),
    window: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('statistic' as const),
    statistic: fc.constantFrom(...statistics.filter((name) => name !== 'ewma')),
    group,
    variable: fc.constantFrom(...VARIABLES),
    window: fc.constantFrom(...windows),
  }),
  fc.record({
    kind: fc.constant('rate' as const),
    group,
    count: fc.constantFrom(...COUNTS.filter((name) => !GAUGES.includes(name))),
    window: fc.constantFrom(...windows),
  }),
  fc.record({ kind: fc.constant('count' as const), group, count: fc.constantFrom(...COUNTS) }),
  fc.record({
    kind: fc.constant('count' as const),
    group,
    count: fc.constantFrom(...COUNTS.filter((name) => name !== 'queued')),
    by,
  }),
  fc.record({
    kind: fc.constant('statistic' as const),
    statistic: fc.constantFrom(...statistics.filter((name) => name !== 'ewma')),
    group,
    variable: fc.constantFrom(...VARIABLES),
    window: fc.constantFrom(null, ...windows),
    by,
  }),
  fc.record({
    kind: fc.constant('bound' as const),
    side: fc.constantFrom(...BOUND_SIDES),
    level: fc.constantFrom(0.5, 0.95, 0.99),
    group,
    of: fc.oneof(
      fc.record({ statistic: fc.constant('mean' as const), variable: fc.constantFrom(...VARIABLES) }),
      fc.record({ share: fc.constantFrom(...SHARED_COUNTS) }),
    ),
    by,
  }),
);

describe('parseMetricName', () => {
  test('allows dots and dashes in groups', () => {
    expect(parseMetricName('mean.lammps-v1.2-duration')).toEqual({
      ok: true,
      value: {
        kind: 'statistic',
        statistic: 'mean',
        group: 'lammps-v1.2',
        variable: 'duration',
        window: null,
      },
    });
    expect(parseMetricName('count.a.b-c.success')).toEqual({
      ok: true,
      value: { kind: 'count', group: 'a.b-c', count: 'success' },
    });
  });

  test('reads back the output of formatMetricName', () => {
    fc.assert(
      fc.property(metric, (value) => {
        expect(parseMetricName(formatMetricName(value), new Set([value.group]))).toEqual({ ok: true, value });
      }),
    );
  });

  test.each([
    ['mean(sleep.duration, by parameters.T)', 'mean(sleep.duration, by parameters.T)'],
    ['count(sleep.failed,by:  parameters.mesh-size )', 'count(sleep.failed, by parameters.mesh-size)'],
    [
      'lower(mean(sleep.duration, by: parameters.T), 99%)',
      'lower(mean(sleep.duration, by parameters.T), 99%)',
    ],
    ['count(sleep.queued, by parameters.T)', /queued jobs are not counted by a parameter/],
    ['nodehours(sleep, by parameters.T)', /names no variable: by a parameter there are/],
    ['mean(slep.duration, by parameters.T)', /unknown job group 'slep'; did you mean 'sleep'/],
  ])('reads %s, which is by a parameter', (text, expected) => {
    const metric = parseMetricName(text, new Set(['sleep']));
    if (typeof expected === 'string') expect(metric.ok && formatMetricName(metric.value)).toBe(expected);
    else expect(messagesOf(metric).join()).toMatch(expected);
  });

  test.each([
    '',
    'mean',
    '.',
    '-',
    'mean.',
    'mean.sleep',
    'mean.-duration',
    'mean.sleep-',
    'mean-sleep.duration',
    'count',
    'count.',
    'count.sleep',
    'count..success',
    'count.sleep.',
    '.sleep-duration',
    'count.sleep-success',
  ])('shows the valid forms for %j', (text) => {
    expect(messagesOf(parseMetricName(text))).toEqual([
      expect.stringContaining('<statistic>.<group>-<variable>'),
    ]);
  });

  test('suggests every part that is misspelt', () => {
    expect(messagesOf(parseMetricName('meen.slep-duratoin', new Set(['echo', 'sleep'])))).toEqual([
      "unknown statistic 'meen'; did you mean 'mean'?",
      "unknown job group 'slep'; did you mean 'sleep'?",
      "unknown variable 'duratoin'; did you mean 'duration'?",
    ]);
    expect(messagesOf(parseMetricName('count.echo.sucess', new Set(['echo'])))).toEqual([
      "unknown outcome 'sucess'; did you mean 'success'?",
    ]);
  });

  test('knows the names of statistics in other tools', () => {
    const meant = (name: string) => {
      const result = parseMetricName(`${name}.echo-duration`, new Set(['echo']));
      return result.ok
        ? 'understood'
        : /^unknown statistic '.*'; did you mean '(.*)'\?$/.exec(messagesOf(result)[0] ?? '')?.[1];
    };
    expect(
      ['average', 'avg', 'var', 'stddev', 'stdev', 'Total', 'q95', 'P99', 'perc90', 'ema', 'p_5'].map(meant),
    ).toEqual(['mean', 'mean', 'variance', 'std', 'std', 'sum', 'p95', 'p99', 'p90', 'ewma', 'p5']);
    expect(['median', 'p25', 'p50', 'p99.9', 'q75'].map(meant)).toEqual(Array(5).fill('understood'));
    expect(['p101', 'p', 'p1000', 'p-1', 'p1e1'].map(meant)).not.toContain('understood');
  });

  test('separates the decimals of a percentile from a group', () => {
    const group = (text: string, groups: string[] | null) => {
      const result = parseMetricName(text, groups && new Set(groups));
      return result.ok && result.value.kind === 'statistic' && [result.value.statistic, result.value.group];
    };
    expect(group('p99.9.a-duration', null)).toEqual(['p99.9', 'a']);
    expect(group('p99.9.a-duration', ['a'])).toEqual(['p99.9', 'a']);
    expect(group('p99.9.a-duration', ['9.a'])).toEqual(['p99', '9.a']);
    expect(group('p99.9.a-duration', ['9.a', 'a'])).toEqual(['p99.9', 'a']);
    expect(group('p99.a.b-duration', ['a.b'])).toEqual(['p99', 'a.b']);
  });

  test('separates the count of a variable from counts of jobs', () => {
    const read = (text: string) => {
      const result = parseMetricName(text);
      return result.ok && [result.value.kind, result.value.group];
    };
    expect(read('count.a.b-duration')).toEqual(['statistic', 'a.b']);
    expect(read('count.a-duration')).toEqual(['statistic', 'a']);
    expect(read('count.a-duration.failed')).toEqual(['count', 'a-duration']);
  });

  test('lists the choices where no name is near', () => {
    expect(messagesOf(parseMetricName('skewness.echo-age', new Set(['echo'])))).toEqual([
      expect.stringMatching(
        /^unknown statistic 'skewness'; there are count, mean, .* and percentiles like p95/,
      ),
      "unknown variable 'age'; there are duration and pending",
    ]);
  });

  test('accepts any group when the groups are unknown', () => {
    expect(parseMetricName('max.whatever-pending', null).ok).toBe(true);
    expect(parseMetricName('max.whatever-pending', new Set([])).ok).toBe(false);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => typeof parseMetricName(text, new Set(['a'])).ok === 'boolean'),
    );
  });

  test('reads windows with and without units', () => {
    const window = (text: string) => {
      const result = parseMetricName(text);
      return result.ok && 'window' in result.value && result.value.window;
    };
    expect(window('mean(a.duration, 30m)')).toBe(1800);
    expect(window('p99.9(a-b.c.pending,90)')).toBe(90);
    expect(window('rate(count.a.failed, 250 ms)')).toBe(0.25);
    expect(window('rate(count.a.failed, 0s)')).toBe(false);
  });
});

describe('parseWindowedMetric', () => {
  const groups = new Set(['a', 'b.c']);
  const said = (name: string, path: string, window = 60) => {
    const result = parseWindowedMetric(name, path, window, groups);
    return result.ok ? result.value : describeFaults(result);
  };

  test('reads the metric', () => {
    const statistic = { kind: 'statistic', statistic: 'p95', group: 'b.c', variable: 'pending', window: 60 };
    expect(said('p95', 'b.c.pending')).toEqual(statistic);
    expect(said('rate', 'count.b.c.finished')).toEqual({
      kind: 'rate',
      group: 'b.c',
      count: 'finished',
      window: 60,
    });
  });

  test.each([
    ['avg', 'a.duration', "unknown function 'avg'; did you mean 'mean'?"],
    ['meen', 'a.duration', "unknown function 'meen'; did you mean 'mean'?"],
    ['ewma', 'a.duration', 'ewma has no window'],
    ['mean', 'duration', "'duration' names no variable"],
    ['mean', 'a.duratoin', "unknown variable 'duratoin'; did you mean 'duration'?"],
    ['mean', 'x.duration', "unknown job group 'x'"],
    ['rate', 'a.finished', "'a.finished' names no count"],
    ['rate', 'count.a.pending', 'pending rises and falls, so it has no rate; there are submitted,'],
    ['rate', 'count.a.finishd', "unknown outcome 'finishd'; did you mean 'finished'?"],
    ['frobnicate', 'a.duration', "unknown function 'frobnicate'; over a window there are"],
  ])('reports the mistake in %s of %s', (name, path, message) => {
    expect(said(name, path)).toContain(message);
  });

  test('refuses invalid windows', () => {
    for (const window of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 0.0001]) {
      expect(said('mean', 'a.duration', window)).toContain('a window of');
    }
  });
});
