import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ProbeCall } from '../../../../src/plugins/define.js';
import { plugin } from '../../../../src/plugins/lammps/plugin.js';
import { newFolder } from '../../../support/cli.js';
import { LOST, MULTI, NO_TABLE, TWO_RUNS, YAML } from '../../../support/lammps/logs.js';

const probe = plugin.probes?.thermo as unknown as {
  options: { parse(given: unknown): { columns: Record<string, string> } };
  values(options: unknown): string[];
  read(call: Partial<ProbeCall>): Promise<unknown>;
};

async function measured(log: string, given: object = {}) {
  const output = join(newFolder(), 'log.lammps');
  writeFileSync(output, log);
  const options = probe.options.parse(given);
  const job = {
    id: 1n,
    group: 'melt',
    parameters: {},
    workdir: '/',
    output,
    error: output,
    path: () => output,
  };
  return probe.read({ options, job });
}

describe('lammps.thermo', () => {
  test('measures the last row, and the time of the whole run', async () => {
    expect(await measured(TWO_RUNS)).toEqual({ temperature: 2.5, energy: -2.5, wall_time: 3723 });
    expect(await measured(MULTI)).toEqual({ temperature: 0.5, energy: -4.6, wall_time: 1 });
  });

  test('measures the requested columns, under the given names', async () => {
    const columns = { temperature: 'Temp', mine: 'v_my var', step: 'Step', loop: 'loop-time', lines: 'rows' };
    expect(probe.values({ columns })).toEqual(['temperature', 'mine', 'step', 'loop', 'lines']);
    expect(await measured(YAML, { columns })).toEqual({
      temperature: 1.5,
      mine: 2,
      step: 100,
      loop: 0.3,
      lines: 2,
    });
  });

  test.each([
    [LOST, {}, "no number for 'Temp'"],
    [YAML, { columns: { kinetic: 'KinEng' } }, "no number for 'KinEng'"],
    [NO_TABLE, {}, "no number for 'Temp'"],
    [LOST, { columns: { time: 'wall-time' } }, "no number for 'wall-time'"],
    [TWO_RUNS, { columns: { t: 'Tmep' } }, "no column 'Tmep'; did you mean 'Temp'?"],
    // In the log, but not in its last run.
    [TWO_RUNS, { columns: { e: 'E_mol' } }, "no number for 'E_mol'"],
  ])('reports columns that a log does not have', async (log, options, message) => {
    await expect(measured(log, options)).rejects.toThrow(message);
  });
});
