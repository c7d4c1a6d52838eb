import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flow, shortened, widthOf } from '../../../src/text/width.js';

test('a wide character takes two columns, and a combining mark takes none', () => {
  expect(widthOf('job')).toBe(3);
  expect(widthOf('日本')).toBe(4);
  expect(widthOf('e\u0301')).toBe(1);
  expect(widthOf('\u001b[31mred\u001b[39m')).toBe(3);
});

test('a long name is shortened in its middle', () => {
  expect(shortened('lammps-melt-duration', 11)).toBe('lammp…ation');
  expect(shortened('lammps', 6)).toBe('lammps');
  expect(shortened('日本語のグループ', 7)).toBe('日…ープ');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      const short = shortened(text, width);
      return widthOf(short) <= width && (short === text || short.includes('…'));
    }),
  );
});

test('parts stay whole and fill lines', () => {
  expect(flow(['12 events', '3 firings', '1 broken record'], ', ', 24)).toEqual([
    '12 events, 3 firings',
    '1 broken record',
  ]);
  expect(flow(['12:00:00', 'submit'], ' ', 9, '  ')).toEqual(['12:00:00', '  submit']);
  expect(flow([], ', ', 10)).toEqual([]);
});
