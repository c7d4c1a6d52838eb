import { expect, test } from 'vitest';
import { counted, countedTimes } from '../../../src/text/counted.js';
import { thereAre } from '../../../src/text/suggest.js';

test('a noun agrees with its number', () => {
  expect([0, 1, 2, 1000].map((count) => counted(count, 'job'))).toEqual([
    '0 jobs',
    '1 job',
    '2 jobs',
    '1000 jobs',
  ]);
  expect(counted(1, 'entry', 'entries')).toBe('1 entry');
  expect(counted(3, 'entry', 'entries')).toBe('3 entries');
  expect([0, 1, 2, 3].map(countedTimes)).toEqual(['0 times', 'once', 'twice', '3 times']);
});

test('a verb agrees with the number of names', () => {
  expect(thereAre(['a'])).toBe("; there is 'a'");
  expect(thereAre(['a', 'b'])).toBe('; there are a and b');
  expect(thereAre(['a', 'b', 'c'])).toBe('; there are a, b and c');
});
