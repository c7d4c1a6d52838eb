import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMeasuredNumber } from '../../../src/language/measured-number.js';

describe('a number that a program has printed', () => {
  test.each([
    ['-12.5', -12.5],
    [' +.5 ', 0.5],
    ['3.', 3],
    ['1e-3', 1e-3],
    ['1.5D+03', 1500],
    ['-0.25d-2', -0.0025],
    ['2.0Q4', 20_000],
    ['0.123-100', 1.23e-101],
    ['-4.5+101', -4.5e101],
    ['NaN', Number.NaN],
    ['-nan', Number.NaN],
    ['nan(ind)', Number.NaN],
    ['1.#QNAN0', Number.NaN],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['inf', Number.POSITIVE_INFINITY],
  ])('may be %s', (text, number) => {
    expect(readMeasuredNumber(text)).toBe(number);
  });

  test.each(['', '-', '.', '1.5eV', '1,5', '***', '1-5', '0x10', '1e', 'nano', '1.5 2'])(
    'is not %j',
    (text) => {
      expect(readMeasuredNumber(text)).toBeNull();
    },
  );

  test('is read as it was written, also with the exponent of Fortran', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        // Minus zero is printed without its sign.
        expect(readMeasuredNumber(String(number))).toBe(number + 0);
        const written = number.toExponential();
        expect(readMeasuredNumber(written.replace('e', 'D'))).toBe(Number(written));
        if (/[+-]\d{3}$/.test(written))
          expect(readMeasuredNumber(written.replace('e', ''))).toBe(Number(written));
      }),
    );
  });
});
