import { describe, expect, it } from 'vitest';
import { choices, didYouMean, nearest } from '../../../src/text/suggest.js';

describe('nearest', () => {
  it.each([
    ['slep', 'sleep'],
    ['sleeep', 'sleep'],
    ['SLEEP', 'sleep'],
    ['mena', 'mean'],
    ['conut', 'count'],
    ['replications', 'repetitions'],
    ['job-finsih', 'job-finish'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearest(name, ['echo', 'count', 'mean', 'sleep', 'repetitions', 'job-finish'])).toBe(meant);
  });

  it.each(['', 'x', 'gpu', 'lammps', 'eats'])('finds nothing near %j', (name) => {
    expect(nearest(name, ['echo', 'a', 'id', 'sleep'])).toBeNull();
  });

  it('does not spend its time on absurd names', () => {
    expect(nearest('x'.repeat(1e6), ['y'.repeat(1e6), 'sleep'])).toBeNull();
  });
});

it('puts suggestions and choices in words', () => {
  expect(didYouMean('slep', ['sleep'])).toBe("; did you mean 'sleep'?");
  expect(didYouMean('lammps', ['sleep'])).toBe('');
  expect([choices([]), choices(['a']), choices(['a', 'b']), choices(['a', 'b', 'c'], 'and')]).toEqual([
    '',
    'a',
    'a or b',
    'a, b and c',
  ]);
});
