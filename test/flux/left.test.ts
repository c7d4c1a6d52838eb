import { expect, test } from 'vitest';
import { ensembleFile, jsonLines } from '../support/cli.js';
import { describeFlux, withInstance } from '../support/flux-instance.js';

describeFlux('jobs that continue under Flux after the run', () => {
  const ended = (count: number) =>
    ensembleFile(`
jobs:
  - {name: a, command: "true", urgency: 0, count: ${count}}
  - {name: b, command: sleep 600}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b}}
  - {trigger: metric, when: count.a.pending == ${count} and count.b.running == 1, action: {name: terminate}}
`);

  test('are listed at its end, with the commands to show and cancel them', () =>
    withInstance(async (instance) => {
      const { stdout } = await instance.start(['run', ended(2)]).finished;
      const active = await instance.jobs('{id.f58}');
      expect(active).toHaveLength(3);
      expect(stdout).toContain('3 jobs go on under Flux: a (2 pending), b (1 running)');
      const cancel = /see them with `flux jobs`, cancel them with `flux cancel (.*)`/.exec(stdout)?.[1] ?? '';
      expect(cancel.split(' ').sort()).toEqual(active.sort());
      await instance.flux('cancel', ...cancel.split(' '));
    }));

  test('are all in the summary', () =>
    withInstance(async (instance) => {
      const { summary } = jsonLines(await instance.start(['run', ended(30), '--json']).finished);
      const { left } = summary as unknown as {
        left: { group: string; pending: number; running: number; jobs: string[] }[];
      };
      expect(left.map(({ jobs: _, ...counts }) => counts)).toEqual([
        { group: 'a', pending: 30, running: 0 },
        { group: 'b', pending: 0, running: 1 },
      ]);
      const active = await instance.jobs('{id.f58}');
      expect(left.flatMap(({ jobs }) => jobs).sort()).toEqual(active.sort());
      await instance.flux('cancel', '--all');
    }));

  test('do not exist after an interrupted run', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs: [{name: a, command: sleep 600}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
      const run = instance.start(['run', file]);
      await run.printed('submit a');
      run.process.kill('SIGINT');
      const { stdout } = await run.finished;
      expect(stdout).toContain('interrupted after');
      expect(stdout).not.toContain('under Flux');
    }));
});
