import { expect, test } from 'vitest';
import { formatBytes, parseBytes } from '../../../src/text/bytes.js';

test('sizes are read as people write them', () => {
  const sizes = ['0', '512', '512B', '1kB', '1.5 MB', '10GB', '10g', '2KiB', '2MiB', '1 TiB'];
  expect(sizes.map(parseBytes)).toEqual([0, 512, 512, 1000, 1.5e6, 10e9, 10e9, 2048, 2 * 2 ** 20, 2 ** 40]);
  expect(['', '10 XB', '-1', '1e3', 'GB', '1iB', '10GB ', '1..5MB'].map(parseBytes)).toEqual(
    Array(8).fill(null),
  );
});

test('a size is read as it was formatted', () => {
  for (const bytes of [0, 999, 1000, 34_500_000, 10e9, 2.5e12])
    expect(parseBytes(formatBytes(bytes))).toBe(bytes);
});
