/** Places in sorted rows, which the cursors of pages hold. */

import { describe, expect, test } from 'vitest';
import { indexAfter, placeOf, selectJobs } from '../../../src/store/jobs/query.js';
import { madeRun } from '../../support/made-runs.js';

describe('pages of sorted rows', () => {
  const table = madeRun({ seed: 7, jobs: 500, groups: 2 });

  test.each([
    undefined,
    'duration',
    'duration:desc',
    'group',
    'parameters.T:desc',
    'parameters.kind',
    'exit',
  ])('follow each other without gaps: %s', (sort) => {
    const all = selectJobs(table, sort === undefined ? {} : { sort });
    const seen: number[] = [];
    for (let from = 0; from < all.length; ) {
      const page = all.subarray(from, from + 37);
      seen.push(...page);
      const place = placeOf(table, page.at(-1) as number, sort);
      // The place goes through JSON, as in a cursor.
      from = indexAfter(table, all, sort, JSON.parse(JSON.stringify(place)));
    }
    expect(seen).toEqual([...all]);
  });

  test('go on where a row has another value by now', () => {
    const all = selectJobs(table, { sort: 'duration' });
    const durations = table.column('duration');
    const key = (durations.number(all[100] as number) + durations.number(all[101] as number)) / 2;
    expect(indexAfter(table, all, 'duration', { row: all[400] as number, key })).toBe(101);
    expect(indexAfter(table, all, 'duration', { row: 0, key: -1 })).toBe(0);
    const unknown = all.findIndex((row) => Number.isNaN(durations.number(row)));
    const last = unknown < 0 ? all.length : unknown;
    expect(indexAfter(table, all, 'duration', { row: 0, key: 1e9 })).toBe(last);
  });
});
