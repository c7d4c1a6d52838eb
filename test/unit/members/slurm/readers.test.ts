/** Output of Slurm's commands. */

import { describe, expect, test } from 'vitest';
import { readAccounting } from '../../../../src/members/slurm/accounting.js';
import { readAnswer } from '../../../../src/members/slurm/answers.js';
import { readSettings } from '../../../../src/members/slurm/controller.js';
import { arrayOfKey, keyOf } from '../../../../src/members/slurm/key.js';
import { readNote } from '../../../../src/members/slurm/notes.js';
import { readQueue, readRanges } from '../../../../src/members/slurm/queue.js';

describe('squeue', () => {
  test('shows tasks that run, wait, have ended and never ran', () => {
    const output = [
      '11|0|CANCELLED|1795767857|1795767858|n1|None|ensemble=a-1,array=3,firing=0',
      '11|2|PENDING|1795767983|N/A||BeginTime|ensemble=a-1,array=3,firing=0',
      '12|4-9%4|PENDING|N/A|N/A||JobArrayTaskLimit|ours | with a bar',
      '12|0|RUNNING|1795767860|N/A|n2|None|',
      '13|N/A|RUNNING|1795767860|N/A|n2|None|not in an array',
      '',
    ].join('\n');
    expect(readQueue(output)).toEqual([
      {
        ...{ slurmId: 11, ranges: [[0, 0]], state: 'CANCELLED', reason: 'None' },
        ...{ start: 1795767857, end: 1795767858, host: 'n1' },
        comment: 'ensemble=a-1,array=3,firing=0',
      },
      expect.objectContaining({ ranges: [[2, 2]], state: 'PENDING', start: 1795767983, end: null, host: '' }),
      expect.objectContaining({ slurmId: 12, ranges: [[4, 9]], comment: 'ours | with a bar' }),
      expect.objectContaining({ ranges: [[0, 0]], state: 'RUNNING', comment: '' }),
    ]);
  });

  test('shows times of day where a version does not know the format', () => {
    const [task] = readQueue('7|1|COMPLETED|2026-11-27T08:24:17|2026-11-27T08:24:18|n1|None|(null)\n');
    expect((task?.end ?? 0) - (task?.start ?? 0)).toBe(1);
    expect(task?.start).toBe(Date.parse('2026-11-27T08:24:17') / 1000);
  });

  test.each([
    ['7', [[7, 7]]],
    ['4-9%4', [[4, 9]]],
    [
      '1,3-5,9%2',
      [
        [1, 1],
        [3, 5],
        [9, 9],
      ],
    ],
    [
      '0-4:2',
      [
        [0, 0],
        [2, 2],
        [4, 4],
      ],
    ],
    ['N/A', null],
    ['', null],
    ['1,3,...', null],
  ])('shows the indexes %s', (text, ranges) => {
    expect(readRanges(text)).toEqual(ranges);
  });
});

test('sacct shows states, statuses and times', () => {
  const output =
    '12_3|CANCELLED by 1000|0:15|1795767857|1795767858|n1\n12_4|FAILED|3:0|1795767857|1795767858|n2\n' +
    '12_[5-9]|PENDING|0:0|Unknown|Unknown|None assigned\n12_5|NODE_FAIL|0:0|Unknown|1795767858|None assigned\n';
  expect(Object.fromEntries(readAccounting(output))).toEqual({
    '12_3': { state: 'CANCELLED', status: 15, start: 1795767857, end: 1795767858, host: 'n1' },
    '12_4': { state: 'FAILED', status: 3 << 8, start: 1795767857, end: 1795767858, host: 'n2' },
    '12_5': { state: 'NODE_FAIL', status: 0, start: null, end: 1795767858, host: '' },
  });
});

test('scontrol shows the settings of the cluster', () => {
  const output =
    'Configuration data as of 2026-11-27T08:24:17\nAccountingStorageType   = accounting_storage/slurmdbd\n' +
    'ClusterName             = frontier\nMaxArraySize            = 10001\nSLURM_VERSION           = 22.05.8\n';
  expect(readSettings(output)).toEqual({
    cluster: 'frontier',
    version: '22.05.8',
    maxArraySize: 10001,
    accounting: true,
  });
  expect(readSettings('')).toMatchObject({ maxArraySize: 1001, accounting: false });
});

describe('the answer of sbatch', () => {
  const failed = (stderr: string, status: number | null = 1) => readAnswer({ status, stdout: '', stderr });
  const submission = 'sbatch: error: Batch job submission failed: ';

  test('has the id of the array', () => {
    expect(readAnswer({ status: 0, stdout: '123\n', stderr: '' })).toEqual({
      kind: 'accepted',
      slurmId: 123,
    });
    const chatty = { status: 0, stdout: 'Welcome to our cluster\n123;frontier\n', stderr: 'sbatch: hello\n' };
    expect(readAnswer(chatty)).toEqual({ kind: 'accepted', slurmId: 123 });
  });

  test.each([
    ['full', 'sbatch: error: QOSMaxSubmitJobPerUserLimit\n'],
    ['full', 'sbatch: error: AssocMaxSubmitJobLimit\n'],
    ['full', `${submission}Job violates accounting/QOS policy (job submit limit, user's size and/or time)`],
    ['full', `${submission}Resource temporarily unavailable`],
    ['away', `${submission}Unable to contact slurm controller (connect failure)`],
    ['unknown', `${submission}Socket timed out on send/recv operation`],
    ['unknown', `${submission}Zero Bytes were transmitted or received`],
    ['unknown', 'sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying'],
    ['refused', `${submission}Invalid partition name specified`],
    ['refused', `${submission}Requested node configuration is not available`],
    ['refused', 'sbatch: unrecognized option \'--foo\'\nTry "sbatch --help" for more information'],
  ])('is %s for: %s', (kind, stderr) => {
    expect(failed(stderr)).toMatchObject({ kind });
  });

  test('is unknown without an exit status, unless sbatch could not be started', () => {
    expect(failed('', null)).toMatchObject({ kind: 'unknown', reason: 'no answer within 60 seconds' });
    expect(failed('spawn sbatch ENOENT', null)).toMatchObject({ kind: 'refused' });
  });

  test('gives the reason without the name of the command', () => {
    expect(failed(`${submission}Invalid qos specification\n`)).toEqual({
      kind: 'refused',
      reason: 'Invalid qos specification',
    });
  });
});

describe('a note of the wrapper', () => {
  test.each([
    [
      '7 12 0 start 1795767855090000000 4711',
      { kind: 'start', array: 7, index: 12, restarts: 0, time: 1795767855.09, slurmId: 4711 },
    ],
    ['7 12 1 end 1795767855090000000 143 signaled', { kind: 'end', restarts: 1, code: 143, signaled: true }],
    ['7 12 0 end 1795767855000000000 0 ', { kind: 'end', time: 1795767855, code: 0, signaled: false }],
    ['7 12 0 fail 1795767855090000000 127 exec', { kind: 'fail', code: 127, step: 'exec' }],
  ])('%s', (line, note) => {
    expect(readNote(line, 'n1')).toMatchObject({ host: 'n1', ...note });
  });

  test.each(['', '7 12 0 start', 'start 7', '7 12 0 stop 1 2', '7 -1 0 end 1 0 ', '7 12 0 end 1 0 x y'])(
    'is not %j',
    (line) => {
      expect(readNote(line, 'n1')).toBe(null);
    },
  );
});

test('a key names the run and its array, whatever characters the name of the run has', () => {
  const array = { number: 12, jobs: [], slurmId: null, active: 0 };
  const run = `a "name" with 'quotes' and ünicode ${'x'.repeat(100)}-0123456789ab`;
  expect(keyOf(run, array)).toMatch(/^[\w=,.-]+$/);
  expect(arrayOfKey(run, keyOf(run, array))).toBe(12);
  expect(arrayOfKey('other-0123456789ab', keyOf(run, array))).toBe(null);
  expect(arrayOfKey(run, '(null)')).toBe(null);
});
