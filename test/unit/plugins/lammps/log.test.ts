import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, readCondition } from '../../../../src/plugins/lammps/conditions.js';
import { LogReader, readLog } from '../../../../src/plugins/lammps/log.js';
import { describeFaults, messagesOf } from '../../../../src/text/result.js';
import { newFolder } from '../../../support/cli.js';
import { LOST, MULTI, NO_TABLE, TWO_RUNS, YAML } from '../../../support/lammps/logs.js';

function read(text: string, ...cuts: number[]) {
  const reader = new LogReader();
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    reader.push(text.slice(from, cut));
    from = cut;
  }
  return reader.end();
}

const last = (text: string, column: string) => read(text).last.columns.get(column);

describe('a LAMMPS log', () => {
  test('of style one or custom has runs, rows, columns and a time', () => {
    const log = read(TWO_RUNS);
    expect(log).toMatchObject({
      version: '2 Aug 2023 - Update 3',
      runs: 2,
      loopTime: 0.25,
      procs: 4,
      steps: 100,
      atoms: 4000,
      wallTime: 3723,
      errorCount: 0,
      warningCount: 2,
    });
    expect([log.last.rows, log.all.rows]).toEqual([2, 5]);
    expect([...log.last.columns.keys()]).toEqual(['Step', 'Temp', 'TotEng', 'c_msd[4]']);
    expect(log.last.columns.get('c_msd[4]')).toMatchObject({ first: 0, last: 0.0015, max: 0.0015 });
    expect(log.all.columns.get('Temp')).toMatchObject({
      count: 5,
      first: 3,
      last: 2.5,
      min: 1.6326158,
      max: 3,
    });
    expect(log.all.columns.get('Temp')?.mean).toBeCloseTo((3 + 1.6510577 + 1.6326158 * 2 + 2.5) / 5, 12);
    expect(log.all.columns.get('E_mol')?.count).toBe(3);
    expect(log.warnings[1]).toBe('Dangerous build');
  });

  test('of style multi may have the output of a fix in between', () => {
    const log = read(MULTI);
    expect([log.runs, log.last.rows, log.wallTime]).toEqual([1, 2, 1]);
    expect([...log.last.columns.keys()]).toEqual([
      'Step',
      'CPU',
      'TotEng',
      'KinEng',
      'Temp',
      'PotEng',
      'E_bond',
      'Press',
    ]);
    expect(last(MULTI, 'Step')).toMatchObject({ first: 0, last: 50 });
    expect(last(MULTI, 'Press')).toMatchObject({ first: -5.025, last: -4.9 });
  });

  test('of style yaml may have a value that is not a number', () => {
    expect(read(YAML)).toMatchObject({ runs: 1, wallTime: 0 });
    expect(last(YAML, 'v_my var')).toMatchObject({ first: 1, last: 2 });
    expect(last(YAML, 'KinEng')).toMatchObject({ count: 1, first: -0.1, last: Number.NaN });
    expect(read(YAML).last.brokenRows).toBe(1);
  });

  test('that ends in an error has its message, its place and its command', () => {
    expect(read(LOST)).toMatchObject({
      wallTime: null,
      loopTime: null,
      errors: [
        {
          message: 'Lost atoms: original 4000 current 3871',
          file: 'src/thermo.cpp',
          line: 494,
          command: 'run 250',
        },
      ],
    });
    expect(last(LOST, 'Temp')?.count).toBe(1);
    expect(read(LOST).last).toMatchObject({ rows: 2, brokenRows: 1 });
    expect(read(NO_TABLE)).toMatchObject({
      runs: 0,
      errors: [
        {
          message: 'Cannot open file in.nowhere: No such file or directory',
          file: '../input.cpp',
          line: 221,
          command: null,
        },
      ],
    });
  });

  test('that is still being written has a row only when its line has ended', () => {
    const torn = TWO_RUNS.slice(0, TWO_RUNS.indexOf('       200   1.63') + 20);
    expect(last(torn, 'Step')?.last).toBe(100);
    // All columns are present, but the last one lacks digits.
    const short = TWO_RUNS.slice(0, TWO_RUNS.indexOf('5.9589114') + 3);
    expect(last(short, 'Press')).toMatchObject({ count: 2, last: 5.8208747 });
    expect(last(`${short.trimEnd()}\n`, 'Press')?.count).toBe(3);
    expect(last(MULTI.slice(0, MULTI.indexOf('PotEng   =         -4.7000')), 'Step')?.last).toBe(0);
    const error = LOST.slice(0, LOST.indexOf('\nLast'));
    expect(read(error).errorCount).toBe(1);
  });

  test('may come from the screen, with line ends of Windows, and without the line about memory', () => {
    const bare = TWO_RUNS.replaceAll(/^Per MPI.*\n/gm, '').replaceAll('\n', '\r\n');
    expect(read(bare)).toMatchObject({ runs: 2, wallTime: 3723, errorCount: 0 });
    expect(last(bare, 'c_msd[4]')?.last).toBe(0.0015);
  });

  test('may lack Step in its first column', () => {
    const log = 'Per MPI rank memory allocation (min/avg/max) = 1 | 1 | 1 Mbytes\nTemp Step\n1 0\n2 10\n';
    expect(last(log, 'Temp')).toMatchObject({ first: 1, last: 2 });
  });

  test('gives the same result wherever it is cut into pieces', () => {
    for (const text of [TWO_RUNS, MULTI, YAML, LOST]) {
      const whole = read(text);
      fc.assert(
        fc.property(fc.array(fc.nat(text.length), { maxLength: 9 }), (cuts) => {
          expect(read(text, ...cuts.sort((a, b) => a - b))).toEqual(whole);
        }),
        { numRuns: 60 },
      );
    }
  });

  test('may have any content: nothing is thrown, and memory is bounded', () => {
    const line = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...`${TWO_RUNS}${MULTI}${YAML}${LOST}`.split('\n')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const log = read(lines.join('\n'));
        expect(log.all.rows).toBeGreaterThanOrEqual(log.last.rows);
        expect(log.errors.length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 300 },
    );
    const reader = new LogReader();
    reader.push('Step Temp\n1 2\n');
    for (let i = 0; i < 100; i++) reader.push('9'.repeat(100_000));
    reader.push('\n3 4\n');
    expect(reader.end().last.columns.get('Temp')).toMatchObject({ count: 2, last: 4 });
  });

  test('is read from a file', async () => {
    const path = join(newFolder(), 'log.lammps');
    writeFileSync(path, TWO_RUNS);
    expect((await readLog(path)).runs).toBe(2);
    await expect(readLog(`${path}.not`)).rejects.toThrow('ENOENT');
  });
});

describe('a condition on a log', () => {
  const holds = (key: string, written: string | number, text: string, runs: 'last' | 'all' = 'last') => {
    const condition = readCondition(key, written);
    if (!condition.ok) throw new Error(describeFaults(condition));
    const log = read(text);
    return judge(condition.value, log, log[runs]);
  };

  test.each([
    ['Temp', '> 2', TWO_RUNS, true],
    ['Temp', 'first == 1.6326158', TWO_RUNS, true],
    ['Temp', 'max > 2.5', TWO_RUNS, false],
    ['TotEng', 'drift > 0.09', TWO_RUNS, true],
    ['TotEng', 'drift > 0.1', TWO_RUNS, false],
    ['c_msd[4]', 'drift > 1e9', TWO_RUNS, true],
    ['Step', 'drift == 0', NO_TABLE, false],
    ['errors', '> 0', LOST, true],
    ['errors', 0, TWO_RUNS, true],
    ['nan', '>= 1', LOST, true],
    ['Temp', '> 0', LOST, false],
    ['complete', 1, TWO_RUNS, true],
    ['complete', 1, LOST, false],
    ['wall-time', '> 3600', TWO_RUNS, true],
    ['wall-time', '!= 0', LOST, false],
    ['rows', 2, TWO_RUNS, true],
  ])('%s %s', (key, written, text, expected) => {
    expect(holds(key, written, text).holds).toBe(expected);
  });

  test('may use all runs', () => {
    expect(holds('Temp', 'max == 3', TWO_RUNS).holds).toBe(false);
    expect(holds('Temp', 'max == 3', TWO_RUNS, 'all')).toEqual({
      holds: true,
      text: 'max of Temp = 3 (== 3)',
    });
  });

  test('that is impossible is reported', () => {
    const faults = (key: string, written: string) => messagesOf(readCondition(key, written)).join();
    expect(faults('Temp', 'maxx > 3')).toBe("unknown statistic 'maxx'; did you mean 'max'?");
    expect(faults('Temp', 'max 3')).toBe('');
    expect(faults('Temp', 'high')).toContain("unknown statistic 'high'; there are last, ");
    expect(faults('errors', 'max > 3')).toBe("'errors' is a single number without max");
    expect(() => holds('Tmep', '> 1', TWO_RUNS)).toThrow(
      "the log has no column 'Tmep'; did you mean 'Temp'?",
    );
  });
});
