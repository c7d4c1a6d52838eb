/** The log of a run, read as a row for each of its jobs. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EnsembleInput } from '../../src/config/schema/input.js';
import { JOB_RESULTS, loadAddon } from '../../src/engine/addon.js';
import { Ensemble } from '../../src/run/ensemble.js';
import { newFolder, root } from '../support/cli.js';

const { readRunLog } = loadAddon();

const FILE: EnsembleInput = {
  jobs: [
    { name: 'good', command: 'true {{t}}', parameters: { t: [1, 2, 3] } },
    { name: 'bad', command: 'sh -c "exit 3"' },
  ],
  rules: [
    { trigger: 'start', action: { name: 'submit', label: 'good' } },
    { trigger: 'metric', when: 'count.good.success == 3', action: { name: 'submit', label: 'bad' } },
  ],
};

async function run() {
  const runFolder = newFolder();
  const problems: Error[] = [];
  const observer = { problem: (error: Error) => problems.push(error) };
  const ensemble = Ensemble.fromObject(FILE, { runFolder, observer });
  const result = await ensemble.run();
  await ensemble.close();
  return { runFolder, log: join(runFolder, 'log'), result, problems };
}

describe.concurrent('the log of a run', () => {
  test('has a row for each job, with what the journal says', async () => {
    const { log, result, problems } = await run();
    expect(problems).toEqual([]);
    const { jobs, lostBytes, tornBytes, unreadableFrames } = await readRunLog(log);
    expect({ lostBytes, tornBytes, unreadableFrames }).toEqual({
      lostBytes: 0,
      tornBytes: 0,
      unreadableFrames: 0,
    });
    const rows = Array.from(jobs.ids, (_id, row) => ({
      group: jobs.groups[jobs.group[row] ?? -1],
      entry: jobs.entry[row],
      rule: jobs.rule[row],
      status: jobs.status[row],
      result: JOB_RESULTS[jobs.result[row] ?? -1],
      parameters: jobs.texts[jobs.parameters[row] ?? -1],
    }));
    const good = { group: 'good', rule: 0, status: 0, result: 'completed' };
    expect(rows).toEqual([
      { ...good, entry: 0, parameters: '{"t":1}' },
      { ...good, entry: 1, parameters: '{"t":2}' },
      { ...good, entry: 2, parameters: '{"t":3}' },
      { group: 'bad', entry: 0, rule: 1, status: 3 << 8, result: 'failed', parameters: '' },
    ]);
    const { duration } = result.metrics.groups.get('good') ?? {};
    const durations = [0, 1, 2].map((row) => (jobs.finish[row] ?? 0) - (jobs.start[row] ?? 0));
    expect(Math.max(...durations)).toBe(duration?.max);
    expect(Math.min(...durations)).toBe(duration?.min);
  });

  test('is read to its last whole frame after its end was cut off', async () => {
    const { log } = await run();
    const segment = join(log, '00000001.segment');
    const { jobs } = await readRunLog(log);
    const { bytes } = await readRunLog(log);
    truncateSync(segment, bytes - 1);
    const cut = await readRunLog(log);
    expect(cut.tornBytes).toBeGreaterThan(0);
    expect(cut.lostBytes).toBe(0);
    expect(cut.jobs.ids).toEqual(jobs.ids);
  });

  test('ends when it cannot be written, and the run goes on', async () => {
    const runFolder = newFolder();
    // A file is where the folder of the log would be.
    writeFileSync(join(runFolder, 'log'), '');
    const problems: Error[] = [];
    const observer = { problem: (error: Error) => problems.push(error) };
    const ensemble = Ensemble.fromObject(FILE, { runFolder, observer });
    const { end, metrics } = await ensemble.run();
    await ensemble.close();
    expect(end).toBe('idle');
    expect(metrics.groups.get('good')?.count.success).toBe(3);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the log of the run has ended: .*log.*The run goes on/),
    ]);
  });

  test('of a folder that is missing is an error with its path', async () => {
    const missing = join(newFolder(), 'no', 'log');
    await expect(readRunLog(missing)).rejects.toMatchObject({
      code: 'ERR_FILE',
      message: expect.stringContaining(missing),
    });
  });

  test('of any bytes is read to its end', async () => {
    const log = join(newFolder(), 'log');
    mkdirSync(log);
    writeFileSync(join(log, '00000001.segment'), Buffer.alloc(5000, 0xf5));
    const { jobs, lostBytes } = await readRunLog(log);
    expect(jobs.ids.length).toBe(0);
    expect(lostBytes).toBe(5000);
  });

  test('survives a SIGKILL of its process, up to the jobs that were submitted', async () => {
    const runFolder = newFolder();
    const program = `
      import { Ensemble } from ${JSON.stringify(join(root, 'dist/index.js'))};
      const file = {
        jobs: [{ name: 'a', command: 'true' }],
        rules: [
          { trigger: 'start', action: { name: 'submit', label: 'a', value: 5 } },
          { trigger: 'job-finish', name: 'a', action: { name: 'submit', label: 'a', repetitions: 1000 } },
        ],
      };
      let actions = 0;
      const observer = {
        action() {
          if (++actions > 20) process.kill(process.pid, 'SIGKILL');
        },
      };
      await Ensemble.fromObject(file, { runFolder: ${JSON.stringify(runFolder)}, observer }).run();
    `;
    expect(() =>
      execFileSync(process.execPath, ['--input-type=module', '-e', program], { stdio: 'pipe' }),
    ).toThrow(expect.objectContaining({ signal: 'SIGKILL' }));
    const { jobs, lostBytes } = await readRunLog(join(runFolder, 'log'));
    expect(lostBytes).toBe(0);
    expect(jobs.ids.length).toBeGreaterThan(5);
    expect(jobs.result).toContain(JOB_RESULTS.indexOf('completed'));
  });
});
