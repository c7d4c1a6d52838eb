import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ensembleFile, eventually } from '../support/cli.js';
import { allGood, describeFlux, mock, reportOf, run, withInstance } from '../support/flux-instance.js';

const file = (jobs: number, seconds: number) =>
  ensembleFile(`
jobs:
  - {name: first, command: "first", count: ${jobs}, attributes: ${mock(seconds)}}
  - {name: follow, command: "follow", count: 2, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: first}}
  - {trigger: metric, name: count.first.success, when: ${jobs}, action: {name: submit, label: follow}}
`);

describeFlux('a shared queue', () => {
  test('two ensembles with the same groups count only their own jobs', () =>
    withInstance(
      async (instance) => {
        const [long, short] = [
          instance.start(['run', '--json', file(30, 0.5)]),
          instance.start(['run', '--json', file(20, 0.2)]),
        ];
        const reports = [reportOf(await long.finished), reportOf(await short.finished)];
        expect(reports.map(({ finished }) => finished)).toMatchObject([
          { status: 0, stderr: '' },
          { status: 0, stderr: '' },
        ]);
        expect(reports[0]?.counts).toEqual({ first: allGood(30), follow: allGood(2) });
        expect(reports[1]?.counts).toEqual({ first: allGood(20), follow: allGood(2) });
        expect(await instance.tally('{result}')).toEqual({ COMPLETED: 54 });
      },
      { cores: 16 },
    ));

  test('jobs submitted by hand into a group count, even earlier ones', () =>
    withInstance(
      async (instance) => {
        const byHand = (...more: string[]) =>
          instance.flux(
            'submit',
            '--setattr=user.group=first',
            '--setattr=exec.test.run_duration=0.1s',
            ...more,
            'by-hand',
          );
        const before = (await byHand('--urgency=0')).trim();
        // Ended before, and so no business of this run.
        await instance.flux('job', 'wait-event', (await byHand()).trim(), 'clean');
        // One job without a group, and one with a group that is missing in the file.
        await instance.flux('submit', '--urgency=0', 'other');
        await instance.flux('submit', '--urgency=0', '--setattr=user.group=unknown', 'other');
        const running = instance.start([
          'run',
          '--json',
          ensembleFile(`
jobs:
  - {name: first, command: "first", count: 2, attributes: ${mock(0.01)}}
  - {name: follow, command: "follow", count: 2, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: first}}
  - {trigger: metric, name: count.first.success, when: 4, action: {name: submit, label: follow}}
`),
        ]);
        await eventually(async () => (await instance.tally('{name}')).first === 2, 'the run has begun');
        await byHand();
        await instance.flux('job', 'urgency', before, '16');
        const { counts, finished } = reportOf(await running.finished);
        expect(finished).toMatchObject({ status: 0, stderr: '' });
        expect(counts).toEqual({ first: allGood(4), follow: allGood(2) });
        expect(Object.keys(counts)).toEqual(['first', 'follow']);
      },
      { cores: 16 },
    ));

  test('jobs by hand may have a dependency and a group', () =>
    withInstance(
      async (instance) => {
        const gate = (await instance.flux('submit', '--urgency=0', 'gate')).trim();
        const args = ['--setattr=user.group=first', '--setattr=exec.test.run_duration=0.1s'];
        await instance.flux('submit', ...args, `--dependency=afterany:${gate}`, 'late');
        const running = instance.start(['run', '--json', file(2, 0.01)]);
        await eventually(
          async () => (await instance.tally('{name} {status}'))['follow COMPLETED'] === 2,
          'follow',
        );
        await instance.flux('cancel', gate);
        expect(reportOf(await running.finished).counts.first).toEqual(allGood(3));
      },
      { cores: 16 },
    ));

  test('a recording contains all events of all jobs', () =>
    withInstance(
      async (instance) => {
        const path = `${file(1, 1)}.jsonl`;
        const { summary } = await run(instance, file(25, 0.05), ['--record', path]);
        const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
        expect(lines).toHaveLength(summary.records);
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({ id: -1, events: [] });
        const names = lines.slice(1).flatMap((line) => {
          const { events } = JSON.parse(line) as { events: { name: string }[] };
          return events.map(({ name }) => name);
        });
        for (const name of ['submit', 'validate', 'alloc', 'start', 'finish', 'clean']) {
          expect(names.filter((other) => other === name).length, name).toBe(27);
        }
      },
      { cores: 16 },
    ));
});
