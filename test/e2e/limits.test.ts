import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder, start } from '../support/cli.js';

/** The summary of a run of a file, with its lines. */
async function run(text: string, ...more: string[]) {
  const finished = await cli(['run', ensembleFile(text), '--json', '--no-log', '--slots', '8', ...more]);
  return { ...jsonLines(finished), stderr: finished.stderr, status: finished.status };
}

const countsOf = (summary: { groups: object }, group: string) =>
  (summary.groups as Record<string, { count: Record<string, number> }>)[group]?.count ?? {};

const firedOf = (lines: readonly Record<string, unknown>[]) =>
  lines.filter(({ type }) => type === 'firing').map(({ name }) => name);

describe.concurrent('limits', () => {
  test('active jobs never exceed them, and the others are queued', async () => {
    const { summary, lines } = await run(`
limits: {active: 4}
jobs:
  - {name: a, command: sleep 0.02, count: 20}
  - {name: b, command: sleep 0.02, count: 10, urgency: 20, limits: {active: 1}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b}}
  - {name: over, trigger: heartbeat, when: count.a.pending + count.a.running + count.b.pending + count.b.running > 4, action: {name: terminate}}
  - {trigger: job-start, name: b, when: count.b.pending + count.b.running > 1, action: {name: terminate}}
  - {name: some, trigger: metric, when: count.a.submitted > 0 and count.a.queued < 4, action: {name: cancel, label: b}}
logging: {heartbeat: 0.01}
`);
    expect(summary).toMatchObject({ end: 'idle' });
    expect(countsOf(summary, 'a')).toMatchObject({ submitted: 20, success: 20, queued: 0 });
    // The rest of b was queued, and canceled before it was submitted.
    const b = countsOf(summary, 'b');
    expect(b.submitted).toBeLessThan(10);
    expect(b).toMatchObject({ queued: 0, pending: 0, running: 0 });
    const [canceled] = lines.filter(({ type, action }) => type === 'action' && action === 'cancel');
    expect(Number(canceled?.queued) + (b.submitted ?? 0)).toBe(10);
    expect(firedOf(lines)).toEqual(['start', 'start', 'some']);
  });

  test('budgets end submissions exactly, and fire rules', async () => {
    const { summary, lines } = await run(`
limits: {jobs: 12, rate: 1000/s}
jobs:
  - {name: a, command: "true", count: 10}
  - {name: b, command: "true", count: 5}
  - {name: c, command: "false", count: 20, limits: {active: 1, failures: 3}}
rules:
  - {trigger: start, action: {name: submit, label: c}}
  - {trigger: group-done, name: c, action: {name: submit, label: a}}
  - {trigger: group-done, name: a, action: {name: submit, label: b}}
  - {trigger: limit, name: jobs, action: {name: cancel, label: b}}
  - {trigger: limit, name: failures.c, action: {name: cancel, label: c}}
  - {name: last, trigger: end, action: {name: cancel, label: a}}
`);
    expect(countsOf(summary, 'c')).toMatchObject({ submitted: 3, failed: 3 });
    expect(countsOf(summary, 'a')).toMatchObject({ submitted: 9, success: 9 });
    expect(summary).toMatchObject({
      end: 'idle',
      limits: {
        reached: [{ name: 'failures.c' }, { name: 'jobs' }],
        notSubmitted: { a: 1, b: 5, c: 17 },
      },
    });
    expect(firedOf(lines)).toEqual(['start', 'failures.c', 'c', 'jobs', 'a', 'last']);
  });

  test('a wall time ends submissions, and rules on the end follow a termination', async () => {
    const { summary, lines, status } = await run(`
limits: {wall: 300ms}
jobs:
  - {name: a, command: sleep 0.05, count: 100000, limits: {active: 2}}
  - {name: report, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: limit, name: wall, action: {name: terminate}}
  - {name: last, trigger: end, action: {name: submit, label: report}}
`);
    expect(summary).toMatchObject({ end: 'terminated', limits: { reached: [{ name: 'wall' }] } });
    expect(firedOf(lines)).toEqual(['start', 'wall', 'last']);
    expect(countsOf(summary, 'a').submitted).toBeLessThan(100);
    expect(status).toBe(0);
  });

  test('a rate holds jobs back, and hours are counted from R', async () => {
    const { summary, lines } = await run(`
limits: {rate: 4/s}
jobs:
  - {name: a, command: sleep 0.1, count: 6}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: corehours.a > 0 and nodehours.a > 0 and size == 8 and count.a.queued > 0, action: {name: urgency, label: a, value: 20}}
`);
    // Four leave at once, two in the half second after.
    expect(countsOf(summary, 'a')).toMatchObject({ submitted: 6, success: 6 });
    expect(firedOf(lines)).toHaveLength(2);
    const { metrics } = summary as unknown as { metrics: Record<string, number> };
    expect(metrics['corehours.a']).toBeGreaterThan((6 * 0.1) / 3600);
    expect(metrics['corehours.a']).toBe(metrics['nodehours.a']);
  });

  test('a killed run goes on with its queued jobs, each once', async () => {
    const folder = newFolder();
    const file = ensembleFile(
      `
limits: {active: 2}
jobs:
  - {name: a, command: "sh -c 'echo {{index}} >> ${join(folder, 'ran')}; sleep 0.02'", count: 40}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: count.a.queued == 20, action: {name: exec, command: sleep 2}}
`,
      folder,
    );
    const env = { XDG_STATE_HOME: join(folder, 'state') };
    writeFileSync(join(folder, 'ran'), '');
    const running = start(['run', file, '--name', 'limited', '--slots', '2'], { env });
    await running.printed('count.a.queued == 20');
    running.process.kill('SIGKILL');
    await running.finished;
    const finished = await cli(['resume', 'limited', '--json'], { env });
    const { summary } = jsonLines(finished);
    expect(countsOf(summary, 'a')).toMatchObject({ success: 40, queued: 0 });
    const ran = readFileSync(join(folder, 'ran'), 'utf8').trim().split('\n').map(Number);
    // Jobs that ran when the process was killed run again.
    expect(new Set(ran).size).toBe(40);
    expect(ran.length).toBeLessThanOrEqual(44);
  });

  test('rows whose jobs are not made yet are queued', async () => {
    const { summary, lines } = await run(`
limits: {active: 8}
jobs: [{name: a, command: "true {{n}}", parameters: {n: {from: 1, to: 1200, step: 1}}}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {name: all, trigger: metric, when: count.a.queued == 1200, action: {name: urgency, label: a, value: 16}}
  - {name: over, trigger: metric, when: count.a.queued + count.a.submitted > 1200, action: {name: terminate}}
  - {name: lost, trigger: metric, when: count.a.queued + count.a.submitted < 1180, action: {name: terminate}}
`);
    // Few of them are on their way to the member.
    expect(firedOf(lines)).toEqual(['start', 'all']);
    expect(countsOf(summary, 'a')).toMatchObject({ submitted: 1200, success: 1200, queued: 0 });
  });

  test('invalid limits are refused with their places', async () => {
    const { status, stdout } = await cli([
      'validate',
      ensembleFile(`
limits: {active: 0, rate: fast, failures: 100%, more: 1}
jobs: [{name: a, command: "true", limits: {nodeHours: -1, wall: 0}}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: limit, name: jobs, action: {name: terminate}}
  - {trigger: group-done, action: {name: terminate}}
`),
    ]);
    expect(status).toBe(2);
    for (const text of [
      'limits.active',
      'limits.rate',
      'limits.failures',
      'limits.more',
      "'name' is missing",
    ]) {
      expect(stdout).toContain(text);
    }
    for (const text of ['jobs[0].limits.nodeHours', 'jobs[0].limits.wall']) expect(stdout).toContain(text);
  });
});
