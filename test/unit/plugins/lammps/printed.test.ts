/**
 * All output of LAMMPS is read: logs are generated with its own formats, with all text that may stand in
 * between.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogReader } from '../../../../src/plugins/lammps/log.js';
import {
  asPrinted,
  loopLine,
  MEMORY,
  type PrintedColumn,
  printHeader,
  printMultiHead,
  printRow,
  type Style,
} from '../../../support/lammps/printed.js';

function read(text: string) {
  const reader = new LogReader();
  reader.push(text);
  return reader.end();
}

const letters = [...'abcXYZ019_:=,;[](){}+-*/^%$#@!?|~.<>"äßΔ水'];
const word = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 12 })
  .map((characters) => characters.join(''));
const ownName = fc.constantFrom(
  'Temp',
  'TotEng',
  'c_1[2]',
  'f_1:Ne',
  'v_name',
  'T/CPU',
  '1st',
  'E = mc2',
  'my, own',
);
/** Labels with blanks are ASCII, because their place is found by their width. */
const blankName = fc.constantFrom('My Temp', 'Total energy (eV)', 'a b c', 'x  y');

const columnsOf = (name: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.record({ name, kind: fc.constantFrom('integer', 'float') } as const), {
    selector: ({ name: text }) => text,
    minLength: 1,
    maxLength: 9,
  });

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0),
  },
);

const noise = fc.constantFrom(
  'WARNING: Dangerous build (src/neighbor.cpp:2400)\n',
  'SHAKE stats (type/ave/delta/count) on step 50\n',
  'fix print says 1 2 3\n',
  '0.25 0.5 0.75 1 1.25 1.5 1.75 2 2.25 2.5 2.75 3 3.25 3.5\n',
  '\n',
  'srun: Job step aborted: Waiting up to 32 seconds for job step to finish.\n',
  '  - something: [else]\n',
);

interface PrintedRun {
  readonly style: Style;
  readonly columns: readonly PrintedColumn[];
  readonly rows: readonly (readonly number[])[];
  readonly noise: readonly string[];
  readonly prelude: string;
}

function runOf(name: fc.Arbitrary<string>): fc.Arbitrary<PrintedRun> {
  return fc
    .record({ style: fc.constantFrom('one', 'multi', 'yaml'), columns: columnsOf(name) } as const)
    .chain(({ style, columns }) => {
      const first: PrintedColumn = { name: 'Step', kind: 'integer' };
      const all = fc.boolean().map((steps) => (steps || style === 'multi' ? [first, ...columns] : columns));
      return all.chain((shown) => {
        const row = fc
          .tuple(
            ...shown.map(({ kind }) => (kind === 'integer' ? fc.integer({ min: -99, max: 1e7 }) : value)),
          )
          .map((values) => values as number[]);
        return fc.record({
          style: fc.constant(style),
          columns: fc.constant(shown),
          rows: fc.array(row, { minLength: 1, maxLength: 8 }),
          noise: fc.array(noise, { maxLength: 8 }),
          prelude: fc.constantFrom(
            MEMORY,
            `${MEMORY}WARNING: no (src/x.cpp:1)\n`,
            'run 100 pre no post no\n',
          ),
        });
      });
    });
}

/** The rows of a run, with growing steps. */
function rowsOf({ columns, rows }: PrintedRun): number[][] {
  return rows.map((values, i) =>
    values.map((one, place) => (columns[place]?.name === 'Step' ? 100 * i : one)),
  );
}

function print(run: PrintedRun): string {
  const { style, columns, prelude } = run;
  const rows = rowsOf(run).map((values, i) => {
    const head = style === 'multi' ? printMultiHead(values[0] ?? 0, i) : '';
    // In style multi, the step is in the head.
    const shown =
      style === 'multi' ? ([columns.slice(1), values.slice(1)] as const) : ([columns, values] as const);
    return head + printRow(style, ...shown) + (run.noise[i] ?? '');
  });
  return prelude + printHeader(style, columns) + rows.join('') + (style === 'yaml' ? '...\n' : '');
}

function check(runs: readonly PrintedRun[], text: string): void {
  const log = read(text);
  const last = runs.at(-1) as PrintedRun;
  const values = rowsOf(last).map((row) =>
    row.map((one, i) => asPrinted(last.style, last.columns[i] as PrintedColumn, one)),
  );
  expect(log.unread).toEqual([]);
  expect([log.runs, log.last.rows, log.all.rows]).toEqual([
    runs.length,
    values.length,
    runs.reduce((sum, { rows }) => sum + rows.length, 0),
  ]);
  for (const [i, { name }] of last.columns.entries()) {
    const column = log.last.columns.get(name);
    expect([name, column?.last]).toEqual([name, values.at(-1)?.[i]]);
    expect(column?.count).toBe(values.filter((row) => Number.isFinite(row[i])).length);
  }
  expect(log.last.brokenRows).toBe(values.filter((row) => !row.every(Number.isFinite)).length);
}

describe('the output of LAMMPS', () => {
  const names = fc.oneof(ownName, word);
  const isTold = ({ columns, style }: PrintedRun) =>
    style === 'yaml' ? columns.every(({ name }) => !/['"]\s*,|,\s*['"]|^['"]|['"]$/.test(name)) : true;

  test.each([
    ['any names, one word each', fc.oneof(names.filter((name) => !name.includes(' ')))],
    ['names with blanks', fc.oneof(blankName, ownName)],
  ])('is read in every style, with text between the rows: %s', (_what, name) => {
    fc.assert(
      fc.property(fc.array(runOf(name).filter(isTold), { minLength: 1, maxLength: 4 }), (runs) => {
        const text = runs.map((run) => print(run) + loopLine(100)).join('\n');
        check(runs, `LAMMPS (2 Aug 2023)\n${text}Total wall time: 0:00:01\n`);
      }),
      { numRuns: 300 },
    );
  });

  test('is read with line ends of Windows, after labels, and with a byte order mark', () => {
    fc.assert(
      fc.property(runOf(ownName), (run) => {
        const text = `LAMMPS (2 Aug 2023)\n${print(run)}${loopLine(100)}`;
        check([run], `\ufeff${text.replaceAll('\n', '\r\n')}`);
        for (const label of ['0: ', '[1,0]<stdout>:']) check([run], text.replaceAll(/^/gm, label));
      }),
      { numRuns: 100 },
    );
  });

  test('is read up to its last whole row, wherever it is cut off', () => {
    fc.assert(
      fc.property(runOf(ownName), fc.nat(), (run, place) => {
        const whole = print({ ...run, noise: [] });
        const begin = whole.length - rowsOf(run).map((_, i) => i).length;
        const cut = Math.min(begin, place % (whole.length + 1));
        const log = read(whole.slice(0, cut));
        const printed = rowsOf(run).filter((_, i) => {
          const upTo = print({ ...run, noise: [], rows: run.rows.slice(0, i + 1) });
          return cut >= upTo.replace(/\.\.\.\n$/, '').length;
        });
        // In style multi, a first row has no end mark.
        const least = run.style === 'multi' && printed.length === 1 ? 0 : printed.length;
        expect(log.all.rows).toBeGreaterThanOrEqual(least);
        expect(log.all.rows).toBeLessThanOrEqual(printed.length);
      }),
      { numRuns: 300 },
    );
  });
});
