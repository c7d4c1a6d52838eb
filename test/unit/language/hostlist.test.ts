import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandHostlist } from '../../../src/language/hostlist.js';

const expand = (text: string) => expandHostlist(text, 1000)?.join(' ') ?? null;

describe('a hostlist', () => {
  // As `flux hostlist --expand` has them, apart from repeated hosts.
  test.each([
    ['', ''],
    ['login1', 'login1'],
    ['a,b,,a', 'a b'],
    ['n[1-3,5]', 'n1 n2 n3 n5'],
    ['n[001-003]', 'n001 n002 n003'],
    ['n[08-11]', 'n08 n09 n10 n11'],
    ['n[9-010]', 'n9 n10'],
    ['n[1-2]-eth0,m[7]', 'n1-eth0 n2-eth0 m7'],
    ['r[1-2]n[1-2]', 'r1n[1-2] r2n[1-2]'],
  ])('%j has the hosts %j', (text, hosts) => {
    expect(expand(text)).toBe(hosts);
  });

  test.each(['n[3-1]', 'n[1-2', 'n[]', 'n]', 'n[a]', 'n[1-]', 'n[1-2-3]', 'n[9999999999]'])(
    '%j is invalid',
    (text) => {
      expect(expand(text)).toBeNull();
    },
  );

  test('has a limit, also within a range', () => {
    expect(expandHostlist('n[1-999999999]', 10)).toBeNull();
    expect(expandHostlist('n[1-10]', 10)).toHaveLength(10);
  });

  const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,6}$/);
  const range = fc
    .tuple(fc.nat(500), fc.nat(5), fc.integer({ min: 1, max: 4 }))
    .map(([first, more, width]) => ({ first, last: first + more, width }));
  const item = fc.record({
    prefix: name,
    ranges: fc.array(range, { minLength: 1, maxLength: 3 }),
    suffix: name,
  });

  test('has all hosts of its ranges, each once', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 4 }), (items) => {
        const padded = (number: number, width: number) => String(number).padStart(width, '0');
        const text = items
          .map(({ prefix, ranges, suffix }) => {
            const parts = ranges.map(({ first, last, width }) =>
              first === last ? padded(first, width) : `${padded(first, width)}-${last}`,
            );
            return `${prefix}[${parts.join(',')}]${suffix}`;
          })
          .join(',');
        const hosts = items.flatMap(({ prefix, ranges, suffix }) =>
          ranges.flatMap(({ first, last, width }) =>
            Array.from(
              { length: last - first + 1 },
              (_, i) => `${prefix}${padded(first + i, Math.max(width, String(first).length))}${suffix}`,
            ),
          ),
        );
        expect(expandHostlist(text, 1000)).toEqual([...new Set(hosts)]);
      }),
    );
  });

  test('never throws', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'an019[],-') });
    fc.assert(fc.property(texts, (text) => expand(text) === null || typeof expand(text) === 'string'));
  });
});
