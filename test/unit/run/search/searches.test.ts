/** Searches of whole runs, in virtual time. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mismatchesOf } from '../../../../src/testing/compare.js';
import { runTest } from '../../../../src/testing/run-test.js';
import { newFolder, root } from '../../../support/cli.js';
import { read } from '../../../support/config.js';

const OPTIMIZER = `
export class Search {
  next = 0;
  ask(n) { return Array.from({ length: n }, () => ({ x: this.next++ })); }
  tell(rows) {
    for (const { row, parameters, outcome, objective, values } of rows) {
      console.log([row, parameters.x, outcome, objective, JSON.stringify(values)].join(' '));
    }
  }
}
`;

/** Runs the test of a file whose group \`a\` has this entry. */
async function play(entry: string, jobs: string, rules = '') {
  const folder = newFolder();
  writeFileSync(join(folder, 'search.mjs'), OPTIMIZER);
  const text = `jobs:
  - {name: a, command: 'run {{x}}', ${entry}}
  - {name: b, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: group-done, name: a, action: {name: submit, label: b}}
${rules}
tests:
  - {name: t, jobs: {a: ${jobs}, b: {duration: 1s}}, expect: {}}
`;
  const loaded = read(text, join(folder, 'a.yaml'));
  const [only] = loaded.config.tests;
  if (only === undefined) throw new Error('no test');
  const { firings, output, errors, metrics, end } = await runTest(loaded, only);
  const { count } = metrics.groups.get('a') ?? {};
  return {
    firings: firings.map(({ name, timestamp }) => `${timestamp - (firings[0]?.timestamp ?? 0)}: ${name}`),
    output,
    errors: errors.map(({ message }) => message),
    named: Object.fromEntries(metrics.named),
    objectives: metrics.groups.get('a')?.probes?.objective?.count,
    submitted: count?.submitted,
    end,
  };
}

test('a row that fails is submitted again, and counts at its last end', async () => {
  const entry = 'tell: [loss], retry: 1, ask: {javascript: ./search.mjs, rows: 3}';
  const run = await play(
    entry,
    '{duration: 60s, tell: {loss: [5, 4, 3, 2]}, outcome: [exit 0, exit 1, exit 0, exit 1, exit 1]}',
  );
  expect(run.output).toEqual(['0 0 success 5 {"loss":5}', '1 1 success 3 {"loss":3}', '2 2 failed  {}']);
  expect(run).toMatchObject({
    submitted: 5,
    objectives: 2,
    named: { 'best.a.loss': 3 },
    errors: [],
    end: 'idle',
  });
  expect(run.firings).toEqual(['0: start', '300: a']);
});

test('until ends the search at the best objective, and its jobs still end', async () => {
  const entry =
    'tell: [gain], ask: {javascript: ./search.mjs, inFlight: 2, direction: maximize, until: best.a.gain > 6}';
  const run = await play(entry, '{duration: 60s, tell: {gain: [5, 4, 7, 9, 8]}}');
  expect(run).toMatchObject({ named: { 'best.a.gain': 9 }, end: 'idle', errors: [] });
  expect(run.output.slice(0, 4)).toEqual([
    '0 0 success 5 {"gain":5}',
    '1 1 success 4 {"gain":4}',
    '2 2 success 7 {"gain":7}',
    '3 3 success 9 {"gain":9}',
  ]);
});

test('the objective may be the duration, and a job without a value counts as failed', async () => {
  const run = await play(
    'ask: {javascript: ./search.mjs, objective: duration, rows: 2}',
    '{duration: [60s, 30s]}',
  );
  expect(run.output).toEqual(['0 0 success 60 {}', '1 1 success 30 {}']);
  const none = await play('tell: [loss], ask: {javascript: ./search.mjs, rows: 1}', '{duration: 60s}');
  expect(none.output).toEqual(['0 0 failed  {}']);
  expect(none.errors).toEqual([expect.stringContaining("succeeded without a value of 'loss'")]);
});

test('cancel of the group ends its search', async () => {
  const rule = '  - {trigger: metric, when: count.a.success > 2, action: {name: cancel, label: a}}';
  const run = await play(
    'tell: [loss], ask: {javascript: ./search.mjs, inFlight: 2}',
    '{duration: [60s, 90s], tell: {loss: 1}}',
    rule,
  );
  expect(run.output.some((line) => line.endsWith('canceled  {}'))).toBe(true);
  expect(run).toMatchObject({ end: 'idle', errors: [] });
});

test('a search fails with the words of its optimizer, and the run goes on', async () => {
  const run = await play('ask: {javascript: ./missing.mjs, objective: duration}', '{duration: 1s}');
  expect(run.errors).toEqual([
    expect.stringMatching(
      /^rule 'start' \(rules\[0\]\): the search of group 'a' \(\.\/missing\.mjs\) failed: it can't be loaded/,
    ),
  ]);
  expect(run.end).toBe('idle');
});

test('the optimizer gets a pruned row with its last value', async () => {
  const rule = 'use: [{algorithm: asha, with: {group: a, value: loss, reduction: 2}}]';
  const run = await play(
    'tell: [loss], ask: {javascript: ./search.mjs, inFlight: 2, rows: 3}',
    '{duration: 60s, tell: {loss: [1, 2, 0.5]}}',
    rule,
  );
  expect([...run.output].sort()).toEqual([
    '0 0 success 1 {"loss":1}',
    '1 1 pruned 2 {"loss":2}',
    '2 2 success 0.5 {"loss":0.5}',
  ]);
  expect(run.errors).toEqual([]);
});

describe('the example', () => {
  test.each(['hyperparameters', 'active-learning'])('%s is short, and its tests pass', async (name) => {
    const file = join(root, 'examples/search', `${name}.yaml`);
    const text = readFileSync(file, 'utf8');
    expect(text.split('\n').length).toBeLessThan(31);
    const loaded = read(text, file);
    expect(loaded.warnings).toEqual([]);
    for (const each of loaded.config.tests) {
      expect({ name: each.name, wrong: mismatchesOf(each, await runTest(loaded, each)) }).toEqual({
        name: each.name,
        wrong: [],
      });
    }
  });
});
