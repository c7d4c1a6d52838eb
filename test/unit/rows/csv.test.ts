import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvError, csvRows, MAX_ROW } from '../../../src/rows/csv.js';

/** The rows of a text that comes in pieces of a length. */
const rowsIn = (text: string, length = text.length, separator: string | null = null) => {
  const pieces = text.match(new RegExp(`[^]{1,${Math.max(1, length)}}`, 'g')) ?? [];
  return [...csvRows(pieces, separator)];
};
const cellsIn = (text: string, length?: number) => rowsIn(text, length).map(({ cells }) => cells);

describe('CSV', () => {
  test.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a;b\n1,5;2\n',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    [
      'a,b\n\n\r\n1,\n',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    [
      'a,b\n"x, ""y""\nz","2"\r\n3,4\n',
      [
        ['a', 'b'],
        ['x, "y"\nz', '2'],
        ['3', '4'],
      ],
    ],
    ['a\n"x"', [['a'], ['x']]],
    [
      'a,b\n5" pipe,x\n',
      [
        ['a', 'b'],
        ['5" pipe', 'x'],
      ],
    ],
    ['', []],
  ])('%j', (text, rows) => {
    for (const length of [1, 2, 3, 1000]) expect(cellsIn(text, length), `pieces of ${length}`).toEqual(rows);
  });

  test('has the lines of its rows', () => {
    const rows = rowsIn('a,b\n"1\n2\n3",x\n\n4,5\n', 3);
    expect(rows.map(({ line }) => line)).toEqual([1, 2, 6]);
  });

  test('any cells are read as they were written', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', ';') });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 9 }), (cells, length) => {
        const quoted = cells.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
        const read = rowsIn(quoted.map((row) => `${row}\n`).join(''), length, ',');
        expect(read.map((row) => row.cells)).toEqual(cells);
      }),
    );
  });

  test.each([
    ['a,b\n1,"2\n3,4\n', 2, 'a quote is not closed'],
    ['a,b\n1,2\n"x"y,4\n', 3, 'text follows a closed quote'],
    [`a\n"${'x'.repeat(MAX_ROW + 1)}`, 2, 'is a quote missing?'],
    [`a\n${'x'.repeat(MAX_ROW + 1)}\n`, 2, 'the row is longer than'],
  ])('a mistake is reported with its line', (text, line, message) => {
    const read = () => rowsIn(text);
    expect(read).toThrow(CsvError);
    expect(read).toThrow(message);
    try {
      read();
    } catch (error) {
      expect(error).toMatchObject({ line });
    }
  });
});
