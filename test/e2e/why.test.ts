/** `ensemble why`: the answer comes from the log of a run, during the run and after it. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, eventually, newFolder, start } from '../support/cli.js';

const file = ensembleFile(`states: [explore, refine]
jobs:
  - {name: a, command: "sh -c 'exit {{s}}'", parameters: {s: [0, 0, 0, 4]}, retry: 1}
  - {name: b, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-success, name: a, action: {name: submit, label: b, repetitions: 5, backoff: 1}}
  - {trigger: metric, when: count.a.success >= 100 and count.a.failed < 5, action: {name: submit, label: b}}
  - {trigger: job-fail, name: a, action: {goto: refine}}
  - {trigger: interval, interval: 1h, in: refine, action: {name: submit, label: b, repetitions: 3}}
  - {trigger: metric, when: count.a.finished >= 1, for: 2h, action: {name: submit, label: b}}
  - {trigger: metric, name: count.b.success, when: ">= 1", cooldown: 30m, action: {name: submit, label: b, repetitions: 9}}
`);

/** The files of a state folder with their sizes. */
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => `${name} ${statSync(join(folder, name)).size}`);

test('explains rules and jobs of a run that goes on, and changes nothing in its folder', async () => {
  const state = newFolder();
  const running = start(['run', file, '--state', state, '--json']);
  const why = async (...args: string[]) => {
    const { stdout, stderr, status } = await cli(['why', ...(args as [string]), '--state', state]);
    expect([status, stderr]).toEqual([0, '']);
    return stdout;
  };
  const json = async (item: string) => JSON.parse(await why(item, '--json'));
  await eventually(
    async () => (await cli(['runs', '--state', state, '--json'])).stdout.includes('"'),
    'a run',
  );
  await eventually(async () => (await json('6')).ready !== null && (await json('5')).since !== null, 'times');
  await eventually(async () => (await json('6')).report.came >= 3, 'jobs of b have ended');
  const before = filesOf(state);

  // A condition with a part that does not hold.
  const never = await why('2');
  expect(never).toContain('never; 1 repetition left');
  expect(never).toContain('count.a.success >= 100 does not hold: 3 at the end of the log');
  expect(never).toContain('count.a.failed < 5 holds: 2 at the end of the log');
  expect(never).toContain('when count.a.success or count.a.failed changes');
  expect((await json('2')).clauses).toEqual([
    {
      ...{ text: 'count.a.success >= 100', holds: false, values: { 'count.a.success': 3 } },
      bound: { metric: 'count.a.success', comparison: '>=', threshold: 100 },
    },
    {
      ...{ text: 'count.a.failed < 5', holds: true, values: { 'count.a.failed': 2 } },
      bound: { metric: 'count.a.failed', comparison: '<', threshold: 5 },
    },
  ]);

  // A rule that fired, by its name; with a backoff.
  expect(await why('rules[1]')).toMatch(/twice; 3 repetitions left\n.*\n.*held back once by backoff: 1/);
  const fired = await json('1');
  expect(fired.firings).toEqual([
    expect.objectContaining({ event: 'finish', group: 'a', state: 'explore', due: 'job-success of a' }),
    expect.objectContaining({ event: 'finish', group: 'a' }),
  ]);
  expect(fired.backoffLeft).toBe(1);

  // Times that decide: an interval, a `for`, and a cooldown.
  const [interval, lasting, cooling] = [await json('4'), await json('5'), await json('6')];
  const { firings } = await json('0');
  expect(interval.next - firings[0].time).toBeCloseTo(3600, -1);
  expect(lasting.next - lasting.since).toBeCloseTo(7200, 6);
  expect(cooling.ready - cooling.firings[0].time).toBeCloseTo(1800, -1);
  expect(cooling.firings[0].values).toEqual({ 'count.b.success': 1 });
  expect(await why('5')).toMatch(/next {10}at \S+ \S+, if it lasts until then \(since \S+ \S+\)/);
  expect(await why('6')).toMatch(/not before \S+ \S+, the end of its cooldown, when it is evaluated again/);

  // A job: its chain of causes, its attempts, and what it caused.
  const { stdout } = await cli(['jobs', '--state', state, '--json']);
  const jobs = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const child = jobs.find(({ group, rule }) => group === 'b' && rule === 1);
  const reason = await json(child.id);
  expect(reason.causes.map(({ rule }: { rule: number }) => rule)).toEqual([1, 0]);
  expect(reason.causes[0].job).toBe(fired.firings[0].job);
  const last = jobs.find(({ attempt }) => attempt === 1);
  const retried = await json(last.jobid);
  expect(retried.attempts.map(({ attempt }: { attempt: number }) => attempt)).toEqual([0, 1]);
  expect(await why(last.id)).toMatch(
    /job ƒ\S+ of a \(s 4\): failed, exit status 4\n {2}submitted by {2}firing 0 at/,
  );
  const failed = await json(retried.attempts[0].id);
  expect(failed.effects).toEqual([expect.objectContaining({ rule: 3, goto: 'refine', name: 'a' })]);

  expect(filesOf(state)).toEqual(before);
  running.process.kill('SIGTERM');
  await running.finished;
});

test('names what it does not find', async () => {
  const state = newFolder();
  const once = ensembleFile(
    `jobs: [{name: a, command: 'true'}]
rules:
  - {trigger: start, name: begin, action: {name: submit, label: a}}
  - {trigger: start, name: begin, action: {name: submit, label: a}}
  - {trigger: job-start, name: a, when: 'job.parameters.T > 5', action: {name: submit, label: a}}
`.replace("command: 'true'", "command: 'true', parameters: {T: [1]}"),
  );
  await cli(['run', once, '--state', state]);
  const why = (item: string) => cli(['why', item, '--state', state]);
  expect(await why('begin')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(
      "2 rules have the name 'begin': name one of rules[0], rules[1] [ERR_RUN]",
    ),
  });
  for (const item of ['rules[9]', 'ƒzzzzzzzz', 'begn']) {
    expect(await why(item)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`has no rule or job '${item}'`),
    });
  }
  expect((await why('begn')).stderr).toContain("did you mean 'begin'?");
  const { stdout } = await why('2');
  expect(stdout).toContain('job.parameters.T > 5 depends on the event');
  expect(stdout).toContain('never: the run has ended');
});
