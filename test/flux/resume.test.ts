/** Runs under Flux whose process is killed, and that another process goes on with. Jobs write down that they ran. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually, newFolder } from '../support/cli.js';
import { describeFlux, type Instance, reloadJobManager, withInstance } from '../support/flux-instance.js';
import { endOf, goOn, kill, killTwice, manyJobs, Study } from '../support/flux-study.js';

describeFlux('a run under Flux that was killed', () => {
  test('while it submits: each of its jobs runs once', () =>
    withInstance(
      async (instance) => {
        await killTwice(new Study(instance, manyJobs(300)), 300);
      },
      { cores: 4 },
    ));

  test('while jobs go on: those that end meanwhile count once, with their own times', () =>
    withInstance(
      async (instance) => {
        const study = new Study(
          instance,
          `
jobs:
  - {name: a, command: "sh -c 'until [ -e FOLDER/go ]; do sleep 0.05; done; echo {{index}} >> FOLDER/ran; exit {{index}}'", count: 2, retry: {times: 1}}
  - {name: b, command: "sh -c 'echo 2 >> FOLDER/ran'"}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-success, name: a, action: {name: submit, label: b}}
`,
        );
        const first = study.begin();
        await eventually(async () => (await instance.tally('{state}')).RUN === 2, 'both jobs run');
        await kill(first);
        writeFileSync(join(study.folder, 'go'), '');
        await eventually(async () => (await instance.tally('{state}')).INACTIVE === 2, 'both have ended');
        const [ended] = await instance.jobs('{t_inactive}');
        await sleep(3000);
        const { resumed, result, problems } = await endOf(study.resume());
        expect(problems).toEqual([]);
        expect(resumed).toMatchObject({ active: 2, lost: 0 });
        expect(result?.counts).toMatchObject({
          a: { submitted: 3, success: 1, failed: 2, retried: 1 },
          b: { submitted: 1, success: 1 },
        });
        // The job that failed while no process listened ran again.
        expect(study.ran()).toEqual([0, 1, 1, 2]);
        const durations = await study.durations();
        expect(durations.length).toBe(4);
        const running = Number(ended) - study.begun;
        for (const seconds of durations) expect(seconds).toBeLessThan(running + 2);
      },
      { cores: 4 },
    ));

  test('whose instance is gone: the jobs that another instance does not know are lost, and submitted again', async () => {
    let study: Study | null = null;
    await withInstance(
      async (instance) => {
        study = new Study(
          instance,
          `
jobs: [{name: a, command: "sh -c 'echo {{index}} >> FOLDER/ran; until [ -e FOLDER/go ]; do sleep 0.05; done'", count: 2}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`,
        );
        const first = study.begin();
        await eventually(async () => study?.ran().length === 2, 'both jobs run');
        await kill(first);
        await instance.flux('cancel', '--all');
      },
      { cores: 4, own: true },
    );
    await withInstance(
      async (instance) => {
        const again = study as unknown as Study;
        const { resumed, result } = await goOn(again, instance);
        expect(resumed).toMatchObject({ active: 2, lost: 2, lostJobs: 'again' });
        expect(result?.counts).toMatchObject({ a: { submitted: 2, success: 2, retried: 0 } });
        expect(again.ran()).toEqual([0, 0, 1, 1]);
      },
      { cores: 4, own: true },
    );
  });

  const HELD = `
jobs:
  - {name: done, command: "sh -c 'echo 9 >> FOLDER/ran'", count: 2}
  - name: held
    command: sh -c 'echo {{index}} >> FOLDER/ran; until [ -e FOLDER/go ]; do sleep 0.05; done'
    count: 4
rules:
  - {trigger: start, action: {name: submit, label: done}}
  - {trigger: metric, when: count.done.success == 2, action: {name: submit, label: held}}
`;

  /** Kills the process when two jobs are done, two run, and two are pending. */
  async function killHeld(instance: Instance): Promise<Study> {
    const study = new Study(instance, HELD);
    const first = study.begin();
    await eventually(async () => study.ran().length === 4, 'two jobs are done, and two run');
    await kill(first);
    expect(await instance.tally('{state}')).toEqual({ INACTIVE: 2, RUN: 2, SCHED: 2 });
    return study;
  }

  test('and whose job manager was reloaded: its jobs are known, and run once', () =>
    withInstance(
      async (instance) => {
        const study = await killHeld(instance);
        await reloadJobManager(instance);
        const { resumed, result } = await goOn(study, instance);
        expect(resumed).toMatchObject({ jobs: 6, active: 4, lost: 0, doubts: [] });
        expect(result?.counts).toMatchObject({ done: { submitted: 2, success: 2 } });
        // The reload fails the jobs that run.
        expect(result?.counts).toMatchObject({ held: { submitted: 4, success: 2, failed: 2 } });
        expect(study.ran()).toEqual([0, 1, 2, 3, 9, 9]);
      },
      { cores: 2, own: true },
    ));

  test('and is interrupted while it looks for its jobs: it ends at once', () =>
    withInstance(
      async (instance) => {
        const study = await killHeld(instance);
        // No submission gets through, and the run would wait a minute for it.
        await instance.flux('module', 'remove', 'job-ingest');
        const running = study.resume();
        const connected = async () => {
          const { server } = JSON.parse(await instance.flux('module', 'stats', 'connector-local'));
          return (server.clients as { pid: number }[]).some(({ pid }) => pid === running.process.pid);
        };
        await eventually(connected, 'the next process is connected');
        running.process.kill('SIGINT');
        const { resumed, result } = await endOf(running);
        expect([resumed, result?.end, result?.error]).toEqual([undefined, 'interrupted', null]);
      },
      { cores: 2, own: true },
    ));

  test('and whose instance was restarted with its statedir: its jobs are known, and run once', async () => {
    const statedir = newFolder();
    let study: Study | null = null;
    await withInstance(
      async (instance) => {
        study = await killHeld(instance);
      },
      { cores: 2, statedir },
    );
    await withInstance(
      async (instance) => {
        const again = study as unknown as Study;
        const { resumed, result } = await goOn(again, instance);
        expect(resumed).toMatchObject({ jobs: 6, active: 4, lost: 0, doubts: [] });
        // The end of an instance cancels the jobs that run.
        expect(result?.counts).toMatchObject({ done: { submitted: 2, success: 2 } });
        expect(result?.counts).toMatchObject({ held: { submitted: 4, success: 2, canceled: 2 } });
        expect(again.ran()).toEqual([0, 1, 2, 3, 9, 9]);
      },
      { cores: 2, statedir },
    );
  });
});
