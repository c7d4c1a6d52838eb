import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Column, type TableLayout, tableLines } from '../../../src/text/table.js';
import { widthOf } from '../../../src/text/width.js';

const plain = (text: string) => text;
const layout = (width: number, narrow: TableLayout['narrow'] = 'wrap') => ({ width, narrow, bold: plain });
const jobs: readonly Column[] = [
  { title: 'jobs', align: 'left' },
  { title: 'submitted', align: 'right', spare: 0, nothing: '0' },
  { title: 'canceled', align: 'right', spare: 1, nothing: '0' },
  { title: 'pending', align: 'right' },
  { title: 'running', align: 'right' },
];

test('columns are as wide as their widest cell', () => {
  const rows = [
    ['a', '1', '0', '22', '0'],
    ['日本', '1000000000', '0', '3', '0'],
  ];
  expect([...tableLines({ columns: jobs, rows }, layout(Number.POSITIVE_INFINITY))]).toEqual([
    'jobs   submitted  canceled  pending  running',
    'a              1         0       22        0',
    '日本  1000000000         0        3        0',
  ]);
});

test('columns without a number are dropped first where space is short', () => {
  const rows = [['sim', '356', '0', '355', '1']];
  expect([...tableLines({ columns: jobs, rows }, layout(34))]).toEqual([
    'jobs  submitted  pending  running',
    'sim         356      355        1',
  ]);
});

test('optional columns are dropped next, or the table continues below', () => {
  const rows = [['sim', '356', '7', '355', '1']];
  expect([...tableLines({ columns: jobs, rows }, layout(34, 'drop'))]).toEqual([
    'jobs  submitted  pending  running',
    'sim         356      355        1',
  ]);
  expect([...tableLines({ columns: jobs, rows }, layout(34, 'wrap'))]).toEqual([
    'jobs  submitted  canceled  pending',
    'sim         356         7      355',
    '',
    'jobs  running',
    'sim         1',
  ]);
});

test('at any width numbers are whole, and lines are as short as possible', () => {
  const number = fc.integer({ min: 0, max: 2 ** 50 }).map(String);
  const row = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 30 }), number, number, number, number);
  const rowsOf = fc.array(row, { minLength: 1, maxLength: 5 });
  const narrow = fc.constantFrom('drop', 'wrap' as const);
  fc.assert(
    fc.property(rowsOf, fc.integer({ min: 1, max: 100 }), narrow, (rows, width, how) => {
      const lines = [...tableLines({ columns: jobs, rows }, layout(width, how))];
      const shown = lines.flatMap((line) => line.split(/ +/));
      for (const [, ...numbers] of rows) {
        const kept = how === 'wrap' ? numbers.filter((each) => each !== '0') : numbers.slice(2);
        for (const each of kept) expect(shown).toContain(each);
      }
      // A name and one number always share a line.
      const widest = Math.max(9, ...rows.flatMap(([, ...numbers]) => numbers.map((each) => each.length)));
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 12 + 2 + widest));
    }),
  );
});

test('a table of many rows takes linear time', { timeout: 30_000 }, () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => [`g${index}`, '1', '2', '3', String(index)]);
  let lines = 0;
  for (const _ of tableLines({ columns: jobs, rows }, layout(40))) lines++;
  expect(lines).toBe(200_003);
});
