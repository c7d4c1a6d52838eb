import { describe, expect, test } from 'vitest';
import { type Clause, clausesOf } from '../../../src/language/clauses.js';
import { checkCondition } from '../../../src/language/expression/check.js';
import { parseExpression } from '../../../src/language/expression/parser.js';
import type { ExpressionCondition } from '../../../src/model/condition.js';

const known: Readonly<Record<string, number>> = {
  'count.a.success': 63,
  'count.a.failed': 3,
  'mean.a-duration': 12.5,
};

function condition(text: string): ExpressionCondition {
  const expression = parseExpression(text);
  if (!expression.ok) throw new Error(text);
  const scope = { groups: null, states: null, parameters: null, told: null, event: true, by: null };
  const steps = checkCondition(expression.value, scope);
  if (!steps.ok) throw new Error(JSON.stringify(steps.faults));
  return { text, steps: steps.value };
}

function clauses(text: string): Clause[] {
  return clausesOf(condition(text), {
    valueOf: (name, fromZero) => known[name] ?? (fromZero ? 0 : null),
    state: 'explore',
  });
}

const results = (text: string) => clauses(text).map((clause) => [clause.text, clause.holds]);

describe('the clauses of a condition', () => {
  test('have its text, whether they hold, and the values of their metrics', () => {
    const bound = { metric: 'count.a.success', comparison: '>=', threshold: 100 };
    expect(clauses('count.a.success >= 100')).toEqual([
      { text: 'count.a.success >= 100', holds: false, values: { 'count.a.success': 63 }, bound },
    ]);
  });

  test.each([
    ['10 - 3 < count.a.failed', { metric: 'count.a.failed', comparison: '>', threshold: 7 }],
    ['mean.a-duration > 10s', { metric: 'mean.a-duration', comparison: '>', threshold: 10 }],
    ['count.a.failed > -(2)', { metric: 'count.a.failed', comparison: '>', threshold: -2 }],
    ['count.a.failed + 1 > 2', null],
    ['count.a.failed > count.a.success', null],
    ['not count.a.failed > 2', null],
    ['state == "explore"', null],
  ])('compare a metric with a number: %s', (text, bound) => {
    expect(clauses(text)).toMatchObject([{ bound }]);
  });

  test('are the parts that `and` joins', () => {
    expect(
      results(
        'count.a.success >= 60 and (count.a.failed > 5 or state == "explore") and not count.a.failed == 3',
      ),
    ).toEqual([
      ['count.a.success >= 60', true],
      ['count.a.failed > 5 or state == "explore"', true],
      ['not count.a.failed == 3', false],
    ]);
  });

  test.each([
    ['count.a.success / count.a.failed == 21', true],
    ['count.a.success - (count.a.failed - 1) == 61', true],
    ['2 * (count.a.failed + 1) != 8', false],
    ['-count.a.failed < -3', false],
    ['mean.a-duration > 10s', true],
    ['count.a.failed <= 3', true],
    ['state != "explore"', false],
  ])('are evaluated: %s', (text, holds) => {
    expect(results(text)).toEqual([[text, holds]]);
  });

  test.each([
    ['count.a.success / count.a.timeout > 1', null],
    ['event.status == 3', null],
    ['job.parameters.T > 400 and count.a.failed == 3', [null, true]],
    ['event.name == "finish" or count.a.failed == 3', true],
    ['event.name == "finish" or count.a.failed == 4', null],
    ['not event.status > 1', null],
  ])('are unknown without the values that decide: %s', (text, holds) => {
    expect(clauses(text).map((clause) => clause.holds)).toEqual([holds].flat());
  });

  test('keep their parentheses', () => {
    const text = '2 * (count.a.failed + 1) == 8 and 10 - (count.a.failed - 1) > 0';
    expect(results(text)).toEqual([
      ['2 * (count.a.failed + 1) == 8', true],
      ['10 - (count.a.failed - 1) > 0', true],
    ]);
  });
});
