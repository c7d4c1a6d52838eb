import { describe, expect, test } from 'vitest';
import { choices, didYouMean, nearest } from '../../../src/text/suggest.js';

describe('nearest', () => {
  test.each([
    ['slep', 'sleep'],
    ['sleeep', 'sleep'],
    ['SLEEP', 'sleep'],
    ['mena', 'mean'],
    ['conut', 'count'],
    ['replications', 'repetitions'],
    ['job-finsih', 'job-finish'],
  ])('finds %s near %s', (name, meant) => {
    expect(nearest(name, ['echo', 'count', 'mean', 'sleep', 'repetitions', 'job-finish'])).toBe(meant);
  });

  test.each(['', 'x', 'gpu', 'lammps', 'eats'])('finds nothing near %j', (name) => {
    expect(nearest(name, ['echo', 'a', 'id', 'sleep'])).toBeNull();
  });

  test('takes little time for absurd names', () => {
    expect(nearest('x'.repeat(1e6), ['y'.repeat(1e6), 'sleep'])).toBeNull();
  });
});

test('writes suggestions and choices', () => {
  expect(didYouMean('slep', ['sleep'])).toBe("; did you mean 'sleep'?");
  expect(didYouMean('lammps', ['sleep'])).toBe('');
  expect([choices([]), choices(['a']), choices(['a', 'b']), choices(['a', 'b', 'c'], 'and')]).toEqual([
    '',
    'a',
    'a or b',
    'a, b and c',
  ]);
});
