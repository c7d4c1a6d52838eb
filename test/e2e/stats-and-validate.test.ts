import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, newFolder } from '../support/cli.js';

describe.concurrent('ensemble stats', () => {
  test('stats reads standard input', async () => {
    const input = '1\n2\n 3 \r\n4e0\n+5.\n';
    const { stdout, status } = await cli(['stats'], { input });
    expect(status).toBe(0);
    const { p90, p95, p99, piqr, pmad, ewma, std, ...values } = JSON.parse(stdout);
    // Statistics of the numbers from 1 to 5, within 0.54 % of the exact values.
    for (const [found, exact] of [
      [p90, 4.6],
      [p95, 4.8],
      [p99, 4.96],
    ]) {
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.0055 * exact);
    }
    expect(piqr).toBeCloseTo(2, 1);
    expect(pmad).toBeCloseTo(1, 1);
    expect(std).toBe(Math.sqrt(2.5));
    expect(ewma).toBeCloseTo(1.9049, 6);
    expect(Math.abs(values.median - 3)).toBeLessThanOrEqual(0.0165);
    expect({ ...values, median: 3 }).toEqual({
      median: 3,
      sum: 15,
      last: 5,
      count: 5,
      mean: 3,
      variance: 2.5,
      min: 1,
      max: 5,
      iqr: 2,
      mad: 1,
      q25: 2,
      q50: 3,
      q75: 4,
    });
  });

  test('stats reads a file, even a large one', async () => {
    const path = join(newFolder(), 'numbers');
    writeFileSync(path, Array.from({ length: 200_001 }, (_, i) => i).join('\n'));
    const { stdout, status } = await cli(['stats', path]);
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ count: 200_001, min: 0, max: 200_000 });
    expect(result.mean).toBeCloseTo(100_000, 6);
  });

  test('stats prints the requested statistics', async () => {
    const input = Array.from({ length: 1001 }, (_, i) => i).join('\n');
    const { stdout, status } = await cli(['stats', '-s', 'p99.9', 'sum', '-s', 'p0'], { input });
    expect(status).toBe(0);
    const values = JSON.parse(stdout);
    expect(Object.keys(values)).toEqual(['p99.9', 'sum', 'p0']);
    expect(Math.abs(values['p99.9'] - 999)).toBeLessThanOrEqual(9.99);
    expect(values).toMatchObject({ sum: 500_500, p0: 0 });
    const refused = await cli(['stats', '-s', 'p101'], { input });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('p99.9');
  });

  test('negative numbers have all statistics', async () => {
    const statistics = ['mean', 'median', 'p0', 'p75', 'q50'];
    const { stdout } = await cli(['stats', '-s', ...statistics], { input: '-1\n-2\n-3\n-4\n10\n' });
    const { median, p75, ...exact } = JSON.parse(stdout);
    expect(exact).toEqual({ mean: 0, p0: -4, q50: -2 });
    // The error of a percentile is 0.54 %.
    expect(Math.abs(median - -2)).toBeLessThan(0.011);
    expect(Math.abs(p75 - -1)).toBeLessThan(0.0055);
  });

  test('an empty input has no statistics', async () => {
    const { stdout, status } = await cli(['stats'], { input: '' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ count: 0, mean: null, q50: null });
  });

  test.each(['x', '', '0x10', 'NaN', 'Infinity', '1e999', '1,5', '1 2'])(
    'the line %j is refused with its number and status 2',
    async (line) => {
      const { stdout, stderr, status } = await cli(['stats'], { input: `1\n2\n${line}\n4\n` });
      expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
      expect(stderr).toContain('line 3');
    },
  );

  test('a missing file is reported', async () => {
    const { stderr, status } = await cli(['stats', '/no/such/file']);
    expect(status).toBe(2);
    expect(stderr).toContain('/no/such/file');
  });
});

describe.concurrent('ensemble validate', () => {
  test('the summary of a valid file and its warnings are printed', async () => {
    const file = ensembleFile(`jobs: [{name: a, command: echo}]
rules:
  - trigger: job-finish
    when: 3
    action: {name: submit, label: a}
`);
    const { stdout, status } = await cli(['validate', file]);
    expect(status).toBe(0);
    expect(stdout).toContain(`${file}:4:5: warning: rules[0].when`);
    expect(stdout).toContain('valid (1 job group, 1 rule)');
  });

  test('all errors are printed in the order of the file, with exit status 2', async () => {
    const file = ensembleFile(`jobs:
  - {name: sleep, command: "sleep '1"}
rules:
  - trigger: metric
    name: mean.slep-duration
    when: "> 5s"
    action: {name: sumbit, label: sleep}
`);
    const { stdout, status } = await cli(['validate', file]);
    expect(status).toBe(2);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(file.length).split(' error: ')[0])).toEqual([
      ':2:28:',
      ':5:11:',
      ':6:11:',
      ':7:20:',
    ]);
  });
});
