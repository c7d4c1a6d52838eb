/** Runs of guests, who may not follow the journal of the instance. */

import { expect, test } from 'vitest';
import { ensembleFile } from '../support/cli.js';
import { guest, unsigned } from '../support/flux-guest.js';
import { describeFlux, type Instance, mock, run, withInstance } from '../support/flux-instance.js';
import { endOf, killTwice, manyJobs, Study } from '../support/flux-study.js';

const instance = { cores: 8 };

/** Seconds since the epoch of an event in the eventlog of a job. */
async function timeOf({ flux }: Instance, id: bigint, name: string): Promise<number> {
  for (const line of (await flux('job', 'info', String(id), 'eventlog')).split('\n')) {
    const event = line === '' ? {} : (JSON.parse(line) as { name?: string; timestamp?: number });
    if (event.name === name) return event.timestamp ?? Number.NaN;
  }
  throw new Error(`job ${id} has no event ${name}`);
}

/** Two groups whose rules need a success, a failure and a metric, and a group that waits until a rule cancels it. */
const steered = `
jobs:
  - {name: good, command: good, count: 20, attributes: ${mock(0.01)}}
  - {name: bad, command: "sh -c 'exit 3'", count: 3, inheritEnvironment: false}
  - {name: last, command: last, count: 2, attributes: ${mock(0.2)}}
  - {name: held, command: held, count: 4, urgency: 0, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: submit, label: good}}
  - {trigger: job-success, name: good, action: {name: submit, label: bad, repetitions: 1}}
  - {trigger: job-fail, name: bad, action: {name: submit, label: last, repetitions: 1}}
  - {trigger: metric, when: count.last.success >= 2 and count.good.success >= 20, action: {name: cancel, label: held}}
`;

describeFlux('a guest of a Flux instance', () => {
  test('has the counts and the firings of an owner, and one notice about the delay', () =>
    withInstance(async (flux) => {
      const file = ensembleFile(steered);
      const own = await run(flux, file);
      const ours = await run(flux, file, [], { env: guest() });
      expect(ours.finished.status, ours.finished.stderr).toBe(own.finished.status);
      expect(ours.problems).toEqual([]);
      expect(ours.counts).toEqual(own.counts);
      expect(ours.counts).toMatchObject({
        good: { success: 20 },
        bad: { failed: 3 },
        last: { success: 2 },
        held: { submitted: 4, canceled: 4 },
      });
      const firings = ({ firings }: typeof own) => firings.map(({ rule, action }) => [rule, action]).sort();
      expect(firings(ours)).toEqual(firings(own));
      expect(ours.summary.events).toBe(own.summary.events);
      expect(own.finished.stdout).not.toContain('"notice"');
      expect(
        ours.finished.stdout.match(/"type":"notice","message":"You are a guest.*flux alloc/g),
      ).toHaveLength(1);
    }, instance));

  test('has the times of events from the eventlogs', () =>
    withInstance(async (flux) => {
      const study = new Study(flux, steered, guest());
      const { result, problems } = await endOf(study.begin());
      expect({ problems, end: result?.end }).toEqual({ problems: [], end: 'idle' });
      const jobs = (await study.jobs()).filter(({ start }) => start !== null);
      expect(jobs).toHaveLength(25);
      for (const { id, submit, start, finish } of [jobs[0], jobs.at(-1)] as typeof jobs) {
        expect(start).toBeCloseTo(await timeOf(flux, id, 'start'), 6);
        expect(submit).toBeCloseTo(await timeOf(flux, id, 'submit'), 6);
        expect(finish).toBeCloseTo(await timeOf(flux, id, 'finish'), 6);
      }
    }, instance));

  test('gets the reasons for what it may not do', () =>
    withInstance(async (flux) => {
      const file = ensembleFile(`
jobs:
  - {name: held, command: held, count: 2, urgency: 0, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: metric, when: count.held.pending >= 2, action: {name: urgency, label: held, value: 20}}
  - {trigger: metric, when: count.held.pending >= 2, action: {name: urgency, label: held, value: 16}}
`);
      const { problems, counts } = await run(flux, file, [], { env: guest() });
      expect(problems).toEqual([expect.stringContaining('an urgency of 16 at most, not 20')]);
      expect(counts.held).toMatchObject({ success: 2 });
      const refused = await run(flux, file, [], { env: unsigned });
      expect(refused.problems[0]).toContain(
        'only instance owner can use sign-type=none; jobs of a guest are signed',
      );
      expect(refused.counts.held).toMatchObject({ submitted: 0 });
    }, instance));

  test('that is killed goes on: each of its jobs runs once', () =>
    withInstance(async (flux) => {
      await killTwice(new Study(flux, manyJobs(150), guest()), 150);
    }, instance));
});
