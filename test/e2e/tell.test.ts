/** Jobs that speak: their values in rules, statistics and the table of jobs. */

import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, main, newFolder } from '../support/cli.js';
import { jsonOf } from '../support/service.js';

const TELL = `${process.execPath} ${main} tell`;

describe.concurrent('ensemble tell', () => {
  test('makes a bad job end early, and its values are variables of the group', async () => {
    const state = newFolder();
    const file = ensembleFile(`jobs:
  - name: melt
    command: sh -c '${TELL} energy={{e}} phase=warm; echo enrgy=1 >> $ENSEMBLE_TELL; test {{e}} -lt 0 || sleep 60'
    parameters: {e: [-2, -1, 7]}
    tell: {energy: number, phase: text}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: job-tell
    name: melt
    when: event.tell.energy > 0 and event.tell.phase == "warm"
    action: {name: cancel}
  - {trigger: metric, when: min.melt-energy < -1.5, action: {name: custom, label: show}}
custom: |
  export function show({ metrics }) { console.log('least', metrics.get('min.melt-energy')); }
`);
    const finished = await cli(['run', file, '--json', '--slots', '3', '--allow-failures', '--state', state]);
    const { lines, summary } = jsonLines(finished);
    expect(summary.groups.melt?.count).toMatchObject({ submitted: 3, success: 2, canceled: 1 });
    expect(Object(summary.groups.melt).probes.energy).toMatchObject({ count: 3, min: -2, max: 7 });
    expect(lines.filter(({ type }) => type === 'output')).toMatchObject([{ line: 'least -2' }]);
    // A name that the group does not have is reported once, with the count at the end.
    expect(lines.filter(({ type }) => type === 'problem')).toHaveLength(1);
    expect(finished.stdout).toMatch(/told 'enrgy', which is ignored/);
    expect(summary.ignoredTells).toBeGreaterThanOrEqual(2);
    const columns = 'parameters.e,result,measured.energy,told.phase';
    expect(jsonOf(await cli(['jobs', '--state', state, '--json', '--columns', columns]))).toEqual(
      [-2, -1, 7].map((e) => ({
        'parameters.e': e,
        result: e < 0 ? 'completed' : 'canceled',
        'measured.energy': e,
        'told.phase': 'warm',
      })),
    );
  });

  test('says what is wrong with its arguments, and outside of a job', async () => {
    const env = { ENSEMBLE_TELL: '', FLUX_JOB_ID: '' };
    const outside = await cli(['tell', 'a=1'], { env });
    expect(outside.status).toBe(2);
    expect(outside.stderr).toMatch(
      /not a job that may tell values: neither ENSEMBLE_TELL nor FLUX_JOB_ID is set/,
    );
    expect((await cli(['tell', 'energy'], { env })).stderr).toMatch(
      /'energy' is not NAME=VALUE, like energy=-3.2/,
    );
    const gone = await cli(['tell', 'a=1'], { env: { ENSEMBLE_TELL: '/nowhere/file' } });
    expect(gone.stderr).toMatch(/\$ENSEMBLE_TELL can't be written: ENOENT/);
  });
});
