/** Runs in a tree of Flux instances, some of which are killed. Jobs write down that they ran. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually, jsonLines, newFolder } from '../support/cli.js';
import { describeFlux, type Instance, reportOf, withInstance } from '../support/flux-instance.js';

/** Kills the broker of the first sub-instance. */
const KILL = `uri=$(flux jobs -n -f running --name=ensemble-instance -o '{uri}' | head -n 1)
kill -9 $(FLUX_URI="local:///\${uri#ssh://*/}" flux getattr broker.pid)
`;

const study = (count: number, rules = '') => `
member: {flux: {cores: 2}}
jobs:
  - {name: a, command: "sh -c 'echo {{index}} >> ran; sleep 0.02'", count: ${count}, retry: {times: 5, on: [{exception: lost}]}}
  - {name: large, command: "true", tasks: 3}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: large}}
${rules}`;

interface Row {
  readonly id: string;
  readonly group: string;
  readonly source: string | null;
  readonly result: string;
  readonly exception: string | null;
}

class Study {
  readonly folder = newFolder();
  readonly #instance: Instance;

  constructor(instance: Instance, text: string) {
    this.#instance = instance;
    writeFileSync(join(this.folder, 'study.yaml'), text);
    writeFileSync(join(this.folder, 'kill.sh'), KILL);
  }

  start(...args: readonly string[]) {
    return this.#instance.start([...args, '--state', 'state'], { cwd: this.folder });
  }

  async rows(): Promise<Row[]> {
    const { stdout } = await this.start('jobs', '--json').finished;
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
  }

  /** Indexes of jobs, once for each time that it ran. */
  ran(): number[] {
    try {
      return readFileSync(join(this.folder, 'ran'), 'utf8').trim().split('\n').map(Number);
    } catch {
      return [];
    }
  }
}

const sourcesOf = (rows: readonly Row[]) => new Set(rows.map(({ source }) => source?.split('/')[0] ?? null));

/** No job of a sub-instance is left in the instance. */
const nothingLeft = async (instance: Instance) =>
  expect(Object.keys(await instance.tally('{name} {state}')).sort()).toEqual([
    'ensemble-instance INACTIVE',
    'true INACTIVE',
  ]);

describeFlux('a tree of Flux instances', () => {
  test('loses no job with a sub-instance that is killed, and none of them is left at the end', () =>
    withInstance(
      async (instance) => {
        const rule =
          '  - {trigger: metric, name: count.a.success, when: 20, action: {name: exec, command: sh kill.sh}}\n';
        const all = new Study(instance, study(200, rule));
        const report = reportOf(
          await all.start(
            'run',
            ...['study.yaml', '--executor', 'flux', '--instances', '3', '--json', '--allow-failures'],
          ).finished,
        );
        expect(report.finished).toMatchObject({ status: 0, stderr: '' });
        const { success, failed = 0, retried = 0, submitted } = report.counts.a ?? {};
        expect({ success, ended: failed - retried }).toEqual({ success: 200, ended: 0 });
        expect(retried).toBeGreaterThan(0);
        expect(submitted).toBe(200 + retried);
        expect(new Set(all.ran()).size).toBe(200);

        const rows = await all.rows();
        const lost = rows.filter(({ exception }) => exception === 'lost');
        expect(lost.length).toBe(retried);
        // All of them were in one sub-instance, and those of the others went on.
        expect(sourcesOf(lost).size).toBe(1);
        expect([...sourcesOf(rows.filter(({ group }) => group === 'a'))]).toEqual(
          expect.arrayContaining(['1', '2', '3']),
        );
        // A job that is larger than a sub-instance runs in the parent.
        expect(rows.filter(({ group }) => group === 'large')).toMatchObject([
          { source: null, result: 'completed' },
        ]);
        expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);

        await nothingLeft(instance);
        const { stderr: complaint } = await all.start(
          'logs',
          rows.find(({ group }) => group === 'a')?.id ?? '',
        ).finished;
        expect(complaint).toContain('set `output` of the job');
      },
      { cores: 12 },
    ));

  test('goes on with its sub-instances after its process was killed, and each job runs once', () =>
    withInstance(
      async (instance) => {
        const all = new Study(instance, study(100));
        const first = all.start('run', 'study.yaml', '--executor', 'flux', '--instances', '2');
        await eventually(async () => all.ran().length > 10, 'jobs have run');
        first.process.kill('SIGKILL');
        await first.finished;
        expect(await instance.tally('{name} {state}')).toMatchObject({ 'ensemble-instance RUN': 2 });
        const report = reportOf(await all.start('resume', '--json').finished);
        expect(report.finished.status).toBe(0);
        expect(report.counts.a).toMatchObject({ submitted: 100, success: 100, failed: 0 });
        const { lines } = jsonLines(report.finished);
        expect(lines.find(({ type }) => type === 'resumed')).toMatchObject({ lost: 0, doubts: [] });
        expect(all.ran().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
        await nothingLeft(instance);
      },
      { cores: 12 },
    ));
});
