/** Jobs in pilots: Flux instances in jobs of Slurm, on a real cluster. Jobs write down that they ran. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, eventually } from '../support/cli.js';
import { missing, reportOf } from '../support/flux-instance.js';
import { describeSlurm, newPlace, type Place, type SlurmSummary } from '../support/slurm-runs.js';

const ranIn = ({ folder }: Place): string[] => {
  const path = join(folder, 'ran');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
};

const study = (pilots: number, count: number) => `
member: {slurm: {pilots: ${pilots}, time: 10m}}
jobs:
  - {name: a, command: "sh -c 'echo {{index}} >> FOLDER/ran; echo I am {{index}}; sleep 1'", count: ${count}, retry: {times: 3, on: [{exception: lost}]}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`;

describeSlurm('pilots', { nodes: 3, cpus: 2, concurrent: true, needs: missing }, (runs) => {
  /** The names of the run's pilots that are in the queue of Slurm. */
  const pilotsOf = async ({ state }: Place): Promise<string[]> => {
    const format = ['-h', '-r', '--me', '--states=PD,R', '-o', '%i %o'];
    const lines = (await runs.cluster.run('squeue', ...format)).split('\n');
    return lines.filter((line) => line.includes(state)).map((line) => line.split(' ')[0] ?? '');
  };

  test('run all jobs, those of canceled ones again, and end with the run', async () => {
    const place = newPlace();
    const running = runs.begin(runs.file(study(2, 16), place), place);
    await eventually(() => ranIn(place).length > 2, 'jobs run', 60);
    const pilots = await pilotsOf(place);
    expect(pilots).toHaveLength(2);
    await runs.cluster.run('scancel', ...pilots);
    const { finished, counts, summary } = reportOf(await running.finished);
    expect(finished.stderr).toBe('');
    const { success, failed = 0, retried = 0, submitted } = counts.a ?? {};
    expect({ success, ended: failed - retried }).toEqual({ success: 16, ended: 0 });
    expect(retried).toBeGreaterThan(0);
    expect(submitted).toBe(16 + retried);
    expect(new Set(ranIn(place)).size).toBe(16);
    expect(summary.groups.a?.exceptions).toEqual({ lost: retried });
    // Few requests for each pilot, and none for a job.
    const { sbatch = 0, scancel = 0 } = (summary as unknown as SlurmSummary).requests;
    expect(sbatch).toBeLessThanOrEqual(4);
    expect(scancel).toBeLessThanOrEqual(6);
    expect(await pilotsOf(place)).toEqual([]);
  });

  test('outlive a process that is killed, and each job runs once', async () => {
    const place = newPlace();
    const first = runs.begin(runs.file(study(1, 8), place), place);
    await eventually(() => ranIn(place).length > 2, 'jobs run', 60);
    first.process.kill('SIGKILL');
    await first.finished;
    const before = await pilotsOf(place);
    expect(before).toHaveLength(1);
    const resumed = runs.resume(place);
    const { finished, counts, summary } = reportOf(await resumed.finished);
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts.a).toMatchObject({ submitted: 8, success: 8, failed: 0 });
    expect(ranIn(place).sort()).toEqual(Array.from({ length: 8 }, (_, index) => String(index)).sort());
    // As under Slurm without pilots, the outputs are in the folder of the run.
    const command = async (...args: string[]) =>
      (await cli([...args, '--state', place.state], { cwd: place.folder })).stdout;
    const [row = '{}'] = (await command('jobs', '--json')).split('\n');
    const { id, source } = JSON.parse(row) as { id: string; source: string };
    expect(source).toMatch(/^1\//);
    expect(await command('logs', id)).toMatch(/^I am \d+\n$/);
    // The pilot went on, so no other one was needed.
    expect((summary as unknown as SlurmSummary).requests.sbatch).toBeUndefined();
    expect(await pilotsOf(place)).toEqual([]);
  });
});
