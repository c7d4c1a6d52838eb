/** The dashboard's numbers, times and texts. */

import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatRate,
  formatShare,
} from '../../../web/format/numbers.js';
import { plainOutput } from '../../../web/format/text.js';
import { formatClock, formatSeconds } from '../../../web/format/times.js';

test('numbers', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect([0, 3, 12_345.678, 0.12345, 1.2e9, 1.5e-7, null].map(formatNumber)).toEqual([
    ...['0', '3', '12,350', '0.1235', '1.2e+9', '1.5e-7', '–'],
  ]);
  expect([
    ...[formatShare(0, 0), formatShare(1, 3), formatShare(1, 1000)],
    ...[formatShare(9_999, 10_000), formatShare(7, 7)],
  ]).toEqual(['0 %', '33 %', '0.1 %', '99.9 %', '100 %']);
  expect([null, 0, 0.001, 0.05, 1.26, 1234].map(formatRate)).toEqual([
    '–',
    '0/s',
    '3.6/h',
    '3/min',
    '1.3/s',
    '1,234/s',
  ]);
  expect([0, 999, 1500, 2.5e9].map(formatBytes)).toEqual(['0 bytes', '999 bytes', '1.5 kB', '2.5 GB']);
});

test('durations', () => {
  expect([0, 0.0123, 4.25, 59.96, 61, 3600, 3725, 90_000, null].map(formatSeconds)).toEqual([
    ...['0 s', '12.3 ms', '4.25 s', '1 min', '1 min 1 s', '1 h', '1 h 2 min', '1 d 1 h', '–'],
  ]);
  expect([0, 67, 3725, 180_000].map(formatClock)).toEqual(['0:00', '1:07', '1:02:05', '2 d 2:00:00']);
});

test('output of a job is shown without colors, movements and hidden characters', () => {
  expect(plainOutput('\u001b[31mred\u001b[0m\r\n10 %\r50 %\rdone\nx\u0000\u202ey\tz')).toBe(
    'red\ndone\nx��y\tz',
  );
  expect(plainOutput('\u001b]0;title\u0007<b>bold</b>')).toBe('<b>bold</b>');
});
