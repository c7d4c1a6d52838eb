import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatCondition, parseCondition } from '../../../src/language/comparison.js';
import { messagesOf } from '../../../src/text/result.js';

const comparison = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');
// Without -0, which equals 0 and is written like it.
const threshold = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);

describe('parseCondition', () => {
  test.each([
    [3, '==', 3],
    [-1.5, '==', -1.5],
    ['3', '==', 3],
    ['> 5', '>', 5],
    ['>5', '>', 5],
    ['  <=  5  ', '<=', 5],
    ['>= .5', '>=', 0.5],
    ['< 5.', '<', 5],
    ['= +3', '==', 3],
    ['== -2', '==', -2],
    ['!= 1e-3', '!=', 0.001],
    ['> 1.5E+3', '>', 1500],
  ] as const)('reads %j', (text, comparison, threshold) => {
    expect(parseCondition(text)).toEqual({ ok: true, value: { comparison, threshold } });
  });

  test.each([
    '',
    ' ',
    '>',
    '=> 5',
    '> > 5',
    '<> 5',
    '=== 5',
    '> 5 s',
    '> 5s',
    '> 5 and < 7',
    '5 >',
    '> 0x10',
    '> NaN',
    '> Infinity',
    '> 1e999',
    '> .',
    '> e5',
    '> 1e',
    '> 1_000',
    '> 1,5',
    '> - 5',
    '! 5',
    'five',
  ])('refuses %j and shows the allowed forms', (text) => {
    const result = parseCondition(text);
    expect(result.ok).toBe(false);
    expect(messagesOf(result).join()).toMatch(/< <= > >= == !=/);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses the number %d',
    (n) => {
      expect(parseCondition(n).ok).toBe(false);
    },
  );

  test('reads back the output of formatCondition', () => {
    fc.assert(
      fc.property(comparison, threshold, (comparison, threshold) => {
        const condition = { comparison, threshold } as const;
        expect(parseCondition(formatCondition(condition))).toEqual({ ok: true, value: condition });
      }),
    );
  });

  test('always gives a finite threshold, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^ ?[<>=!]{0,2} ?[-+.0-9eE]*$/)), (text) => {
        const result = parseCondition(text);
        if (result.ok) expect(Number.isFinite(result.value.threshold)).toBe(true);
      }),
    );
  });

  test('takes linear time', () => {
    const started = performance.now();
    for (const text of [`${' '.repeat(1e6)}x`, `${'1'.repeat(1e6)}x`, `> ${' '.repeat(1e6)}x`]) {
      expect(parseCondition(text).ok).toBe(false);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
