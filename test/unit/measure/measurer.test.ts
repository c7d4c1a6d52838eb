/** Measuring jobs by the processes that read files. They are started from dist/, as in a run. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Measurer } from '../../../src/measure/measurer.js';
import type { MeasuredJob } from '../../../src/measure/messages.js';
import { Pool } from '../../../src/measure/pool.js';
import { Aborted } from '../../../src/measure/timeout.js';
import type { MeasureEntry, Measurement } from '../../../src/model/measure.js';
import { newFolder } from '../../support/cli.js';

const measurer = new Measurer({ output: () => {}, problem: () => {} });
afterAll(() => measurer.close());

const folder = newFolder();
const { signal } = new AbortController();

/** A measurement of the first group of each pattern, by the name of its value, in a file of that name. */
function measurementOf(patterns: Record<string, string>, timeout = 60): Measurement {
  const entries = Object.entries(patterns).map(([name, pattern]): MeasureEntry => {
    const file = { kind: 'path', path: `${name}.txt` } as const;
    return { name, source: { kind: 'pattern', file, pattern }, take: 'last', values: [name] };
  });
  return { kind: 'measure', entries, values: Object.keys(patterns), on: 'success', timeout, wait: null };
}

const job = {
  ...{ facts: { id: 1n, values: {}, workdir: folder, output: null, error: null }, kept: null, log: null },
} as unknown as MeasuredJob;
const jobOf = async () => job;
const write = (name: string, text: string) => writeFileSync(join(folder, `${name}.txt`), text);

test('a file, and a value in a file, that appear late are waited for', async () => {
  write('early', 'e=1\n');
  write('partial', 'e\n');
  let reads = 0;
  const late = async () => {
    // The second look comes after the first one has found nothing.
    if (++reads === 2) {
      write('late', 'e=2\n');
      write('partial', 'e=3\n');
    }
    return job;
  };
  const measurement = measurementOf({ early: 'e=(.)', late: 'e=(.)', partial: 'e=(.)' });
  const { values, tail } = await measurer.measure(measurement, late, { wait: 60, signal });
  expect(values.map(({ value }) => value)).toEqual([1, 2, 3]);
  expect([reads, tail]).toEqual([2, []]);
});

test('a missing file is given up after its time, and an abort ends the wait', async () => {
  const measurement = measurementOf({ missing: '(x)' });
  const reason = `the file ${folder}/missing.txt does not exist`;
  const { values } = await measurer.measure(measurement, jobOf, { wait: 0.2, signal });
  expect(values).toEqual([{ name: 'missing', value: null, reason }]);
  const stop = new AbortController();
  let reads = 0;
  const aborting = async () => {
    if (++reads === 2) stop.abort();
    return job;
  };
  const aborted = measurer.measure(measurement, aborting, { wait: 600, signal: stop.signal });
  await expect(aborted).rejects.toBeInstanceOf(Aborted);
});

test('an expression that takes for ever ends at its timeout, and other jobs are measured meanwhile and after it', async () => {
  write('slow', `${'a'.repeat(60)}\n`);
  write('quick', 'e=5\n');
  const slow = measurer.measure(measurementOf({ slow: '^(?:a+)+(b)' }, 0.5), jobOf, { wait: 60, signal });
  const others = Array.from({ length: 200 }, () =>
    measurer.measure(measurementOf({ quick: 'e=(.)' }), jobOf, { wait: 0, signal }),
  );
  expect((await slow).values).toEqual([
    { name: 'slow', value: null, reason: 'reading took longer than 0.5s (its timeout)' },
  ]);
  for (const { values } of await Promise.all(others)) expect(values).toMatchObject([{ value: 5 }]);
});

test('a pool does one piece of work at a time in each worker, and makes more while work waits', async () => {
  let made = 0;
  const busy = new Set<number>();
  let most = 0;
  const pool = new Pool(() => ({ number: made++, close: async () => {} }), { most: 3, patience: 2 });
  const work = Array.from({ length: 20 }, (_, i) =>
    pool.use(async ({ number }) => {
      expect(busy.has(number)).toBe(false);
      busy.add(number);
      most = Math.max(most, busy.size);
      await new Promise((resolve) => setTimeout(resolve, 1));
      busy.delete(number);
      if (i % 5 === 0) throw new Error('bad');
      return i;
    }),
  );
  const results = await Promise.allSettled(work);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  expect([made, most]).toEqual([3, 3]);
});
