import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricName } from '../../../src/config/types.js';
import { COUNTS, STATISTICS, VARIABLES } from '../../../src/metrics/names.js';
import { formatMetricName, parseMetricName } from '../../../src/rules/metric-name.js';

const group = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'B', '7', '.', '-', '_', ' ', 'é') });
const metric: fc.Arbitrary<MetricName> = fc.oneof(
  fc.record({
    kind: fc.constant('statistic' as const),
    statistic: fc.constantFrom(...STATISTICS),
    group,
    variable: fc.constantFrom(...VARIABLES),
  }),
  fc.record({ kind: fc.constant('count' as const), group, count: fc.constantFrom(...COUNTS) }),
);

describe('parseMetricName', () => {
  it('lets groups hold dots and dashes', () => {
    expect(parseMetricName('mean.lammps-v1.2-duration')).toEqual({
      ok: true,
      value: { kind: 'statistic', statistic: 'mean', group: 'lammps-v1.2', variable: 'duration' },
    });
    expect(parseMetricName('count.a.b-c.success')).toEqual({
      ok: true,
      value: { kind: 'count', group: 'a.b-c', count: 'success' },
    });
  });

  it('reads back what formatMetricName writes', () => {
    fc.assert(
      fc.property(metric, (value) => {
        expect(parseMetricName(formatMetricName(value), new Set([value.group]))).toEqual({ ok: true, value });
      }),
    );
  });

  it.each([
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
  ])('shows the forms there are for %j', (text) => {
    expect(parseMetricName(text)).toMatchObject({
      ok: false,
      messages: [expect.stringContaining('<statistic>.<group>-<variable>')],
    });
  });

  it('suggests every part that is misspelt', () => {
    expect(parseMetricName('meen.slep-duratoin', new Set(['echo', 'sleep']))).toEqual({
      ok: false,
      messages: [
        "no statistic 'meen'; did you mean 'mean'?",
        "no job group 'slep'; did you mean 'sleep'?",
        "no variable 'duratoin'; did you mean 'duration'?",
      ],
    });
    expect(parseMetricName('count.echo.sucess', new Set(['echo']))).toEqual({
      ok: false,
      messages: ["no outcome 'sucess'; did you mean 'success'?"],
    });
  });

  it('knows what statistics are called elsewhere', () => {
    expect(parseMetricName('median.echo-duration', new Set(['echo']))).toMatchObject({
      messages: ["no statistic 'median'; did you mean 'q50'?"],
    });
  });

  it('lists what there is where nothing is near', () => {
    expect(parseMetricName('skewness.echo-age', new Set(['echo']))).toMatchObject({
      ok: false,
      messages: [
        expect.stringMatching(/^no statistic 'skewness'; there are count, mean, .* and q75$/),
        "no variable 'age'; there are duration and pending",
      ],
    });
  });

  it('takes any group when it is not told which there are', () => {
    expect(parseMetricName('max.whatever-pending', null).ok).toBe(true);
    expect(parseMetricName('max.whatever-pending', new Set([])).ok).toBe(false);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => typeof parseMetricName(text, new Set(['a'])).ok === 'boolean'),
    );
  });
});
