import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatJobId, JobIdGenerator, parseJobId } from '../../../src/model/job-id.js';
import { parseRecords } from '../members/local/harness.js';

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/journals/${name}`, import.meta.url), 'utf8');

test('the F58 ids of the recorded scenarios are those of its journal', () => {
  const recorded = new Set(parseRecords(fixture('b_failures.ndjson')).map((record) => record.idText));
  const f58 = fixture('b_failures.ids.tsv').match(/ƒ\w+/gu) ?? [];
  expect(f58.length).toBeGreaterThan(40);
  for (const text of f58) {
    const id = parseJobId(text);
    expect(recorded).toContain(String(id));
    expect(formatJobId(id ?? 0n)).toBe(text);
  }
});

test('every id reads back from every spelling', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (id) => {
      const spellings = [formatJobId(id), formatJobId(id, 'f'), String(id), `0x${id.toString(16)}`];
      return spellings.every((text) => parseJobId(text) === id);
    }),
  );
});

test('text that is not an id is refused', () => {
  const bad = [
    '',
    'ƒ',
    'f0',
    'ƒO',
    'ƒl',
    '-1',
    '1.5',
    '0x',
    '18446744073709551616',
    'ƒzzzzzzzzzzzz',
    ' 1',
    'f 1',
  ];
  expect(bad.filter((text) => parseJobId(text) !== null)).toEqual([]);
  expect(parseJobId(`ƒ${'z'.repeat(100_000)}`)).toBeNull();
});

test('ids only grow, also when a millisecond has none left and the clock stands still', () => {
  let time = 1000;
  const ids = new JobIdGenerator({ now: () => time });
  const made = Array.from({ length: 5000 }, () => ids.next());
  time += 2; // less than has been borrowed
  made.push(ids.next());
  time += 1000;
  made.push(ids.next());
  expect(made.every((id, index) => index === 0 || id > (made[index - 1] ?? 0n))).toBe(true);
  expect(made[0]).toBe(1n << 24n);
  expect(made[1024]).toBe(2n << 24n);
  expect(made.at(-1)).toBe(1002n << 24n);
  expect(made.every((id) => ((id >> 10n) & 0x3fffn) === 0n)).toBe(true);
});
