/** Metrics that are kept because a rule names them, as a user sees them: in rules, in the summary, in functions. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, root } from '../support/cli.js';

const mock = join(root, 'test/fixtures/journals/d_mock2000.ndjson');
const rules = `
jobs: [{name: alpha, command: "true"}, {name: beta, command: "true"}]
rules:
  - {trigger: metric, name: p95.alpha-duration, when: "> 0", action: {name: submit, label: beta}}
  - {trigger: metric, name: sum.alpha-duration, when: "> 1e9", action: {name: submit, label: beta}}
  - {trigger: metric, name: count.beta-pending, when: "== 7", action: {name: submit, label: beta}}
  - {trigger: metric, name: mean.alpha-duration, when: "> 0", action: {name: submit, label: beta}}
  - {trigger: metric, name: "p99.9(alpha.duration, 1d)", action: {name: submit, label: beta}}
  - {trigger: metric, name: "rate(count.alpha.finished, 7d)", action: {name: submit, label: beta}}
`;

test('the summary shows metrics that only rules name', async () => {
  const finished = await cli(['replay', '--json', mock, ensembleFile(rules)]);
  expect(finished.stderr).toBe('');
  const { summary, lines } = jsonLines(finished);
  const alpha = summary.groups.alpha?.duration;
  expect(Object.keys(summary.metrics)).toEqual([
    'p95.alpha-duration',
    'sum.alpha-duration',
    'count.beta-pending',
    'p99.9(alpha.duration, 1d)',
    'rate(count.alpha.finished, 7d)',
  ]);
  const { metrics } = summary;
  expect(metrics['sum.alpha-duration']).toBeCloseTo((alpha?.mean ?? 0) * (alpha?.count ?? 0), 6);
  expect(metrics['count.beta-pending']).toBe(summary.groups.beta?.pending.count);
  expect(metrics['p95.alpha-duration']).toBeGreaterThan(alpha?.q75 as number);
  expect(metrics['p95.alpha-duration']).toBeLessThanOrEqual(alpha?.max as number);
  expect(metrics['p99.9(alpha.duration, 1d)']).toBeGreaterThanOrEqual(
    metrics['p95.alpha-duration'] as number,
  );
  // The recording is shorter than a week.
  expect(metrics['rate(count.alpha.finished, 7d)']).toBeNull();
  const fired = lines.filter(({ type }) => type === 'firing').map(({ name, value }) => [name, value]);
  expect(fired).toContainEqual(['count.beta-pending', 7]);
  expect(fired.map(([name]) => name)).not.toContain('sum.alpha-duration');
  expect((await cli(['replay', mock, ensembleFile(rules)])).stdout).toMatch(
    /metric +value\np95.alpha-duration +[\d.]+\n/,
  );
});

test('a function can read metrics that rules name, and receives an error for others', async () => {
  const file = ensembleFile(`
jobs: [{name: a, command: "true"}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, name: median.a-duration, action: {name: custom, label: look}}
custom: |
  function look({ metrics }) {
    console.log(metrics.get('median.a-duration') === metrics.get('max.a-duration'), metrics.get('std.a-duration'));
    metrics.get('p95.a-duration');
  }
`);
  const { stdout, stderr } = await cli(['run', file]);
  expect(stdout).toContain('true 0');
  expect(stderr).toContain("'p95.a-duration' is kept only where a rule names it");
});
