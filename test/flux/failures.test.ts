/** Reports of jobs that failed under Flux are those of the local member. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensembleFile, eventually, jsonLines, newFolder } from '../support/cli.js';
import { describeFlux, type Instance, withInstance } from '../support/flux-instance.js';

interface FailureJson {
  readonly group: string;
  readonly again: boolean;
  readonly reason: string;
  readonly line: string | null;
  readonly exitStatus: number | null;
  readonly parameters: Record<string, unknown> | null;
  readonly output: string | null;
  readonly error: string | null;
}

type Group = {
  failed: number;
  jobs: number;
  reasons: (FailureJson & { count: number; jobs: FailureJson[] })[];
};

/** Runs groups with these entries, each submitted at the start. */
async function runGroups(
  instance: Instance,
  entries: Readonly<Record<string, string>>,
  folder = newFolder(),
) {
  const names = Object.keys(entries);
  const file = ensembleFile(
    `jobs:\n${names.map((name) => `  - {name: ${name}, ${entries[name]}}`).join('\n')}\nrules:\n${names
      .map((name) => `  - {trigger: start, action: {name: submit, label: ${name}}}`)
      .join('\n')}\n`,
    folder,
  );
  const finished = await instance.start(['run', '--json', file]).finished;
  const { lines, summary } = jsonLines(finished);
  const told = lines.filter(({ type }) => type === 'failure') as unknown as FailureJson[];
  const of = (name: string) => told.filter(({ group }) => group === name);
  const { failedJobs, failures } = summary as unknown as {
    failedJobs: number;
    failures: Record<string, Group>;
  };
  return { finished, summary, told, of, failedJobs, failures };
}

describeFlux('reasons of failed jobs under Flux', () => {
  test('are reported once each, with the last line on standard error', () =>
    withInstance(async (instance) => {
      const { finished, of, failedJobs, failures } = await runGroups(instance, {
        exits: 'command: "sh -c \'echo first >&2; echo ERROR lost atoms >&2; echo >&2; exit 3\'", count: 5',
        missing: 'command: nosuchcmd-xyz 1',
        forbidden: 'command: /etc/passwd',
        killed: 'command: "sh -c \'kill -9 $$\'"',
        long: `command: echo ${'x'.repeat(200_000)}`,
        slow: 'command: sleep 60, duration: 0.5',
        large: 'command: "true", tasks: 100000',
        good: 'command: "true"',
      });
      expect(finished).toMatchObject({ status: 1, stderr: '' });
      expect(failedJobs).toBe(11);
      const reasons = (name: string) => of(name).map(({ reason, line }) => [reason, line]);
      expect(reasons('exits')).toEqual([['exit status 3', 'ERROR lost atoms']]);
      expect(failures.exits).toMatchObject({ failed: 5, jobs: 5, reasons: [{ count: 5 }] });
      expect(failures.exits?.reasons[0]?.jobs).toHaveLength(3);
      expect(reasons('missing')).toEqual([['start failed: nosuchcmd-xyz: No such file or directory', null]]);
      expect(failures.missing?.reasons[0]?.exitStatus).toBe(127);
      expect(reasons('forbidden')).toEqual([['start failed: /etc/passwd: Permission denied', null]]);
      expect(reasons('killed')).toEqual([['exit status 137 (SIGKILL, perhaps for want of memory)', null]]);
      expect(reasons('long')).toEqual([['start failed: echo: Argument list too long', null]]);
      expect(reasons('slow')).toEqual([['timeout: resource allocation expired', null]]);
      expect(of('large')[0]?.reason).toMatch(/^alloc: unsatisfiable request: /);
      expect(failures.good).toBeUndefined();
    }));

  test('include files and parameters', () =>
    withInstance(async (instance) => {
      const folder = newFolder();
      const { of, failures } = await runGroups(instance, {
        both: `command: "sh -c 'echo bad {{t}} >&2; exit 2'", parameters: {t: [300]}, output: "${folder}/{{id.dec}}.out", error: "${folder}/{{id.dec}}.err"`,
        one: `command: "sh -c 'echo worse >&2; exit 2'", workdir: ${folder}, output: one.txt`,
        folderless: 'command: "true", output: /nonexistent/out.txt',
      });
      const [job] = failures.both?.reasons[0]?.jobs ?? [];
      expect(job).toMatchObject({ parameters: { t: 300 }, line: 'bad 300' });
      expect(job?.output).toMatch(new RegExp(`^${folder}/\\d+\\.out$`));
      expect(readFileSync(job?.error ?? '', 'utf8')).toBe('bad 300\n');
      expect(of('one')).toEqual([
        expect.objectContaining({ line: 'worse', output: join(folder, 'one.txt'), error: null }),
      ]);
      expect(of('folderless')).toEqual([
        expect.objectContaining({ line: 'open: /nonexistent/out.txt: No such file or directory' }),
      ]);
    }));

  test('include a dependency that can never be satisfied', () =>
    withInstance(async (instance) => {
      const bad = (await instance.flux('submit', '--urgency=0', 'false')).trim();
      const file = ensembleFile(`
jobs:
  - {name: after, command: "true", attributes: {system: {dependencies: [{scheme: afterok, value: ${JSON.stringify(bad)}}]}}}
rules:
  - {trigger: start, action: {name: submit, label: after}}
`);
      const running = instance.start(['run', '--json', file]);
      await eventually(async () => (await instance.tally('{status}')).DEPEND === 1, 'it waits');
      await instance.flux('job', 'urgency', bad, '16');
      const finished = await running.finished;
      const told = jsonLines(finished).lines.filter(({ type }) => type === 'failure');
      expect(told).toEqual([
        expect.objectContaining({ reason: expect.stringMatching(/^dependency: .* can never be satisfied$/) }),
      ]);
      expect(finished.status).toBe(1);
    }));
});

describeFlux('canceled jobs', () => {
  test('are reported with user and note, and do not count as failed', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - {name: a, command: sleep 600, count: 3}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, name: count.a.canceled, when: 1, action: {name: cancel, label: a}}
`);
      const running = instance.start(['run', '--json', file]);
      await eventually(async () => (await instance.jobs('{name}')).length === 3, 'all are there');
      const [first = ''] = await instance.jobs('{id}');
      await instance.flux('cancel', '-m', 'needed elsewhere', first);
      const finished = await running.finished;
      const { lines, summary } = jsonLines(finished);
      const told = lines.filter(({ type }) => type === 'failure');
      const reason = `canceled by user ${process.getuid?.()}: needed elsewhere`;
      expect(told).toEqual([expect.objectContaining({ canceled: true, reason })]);
      expect(summary).toMatchObject({
        failedJobs: 0,
        failures: { a: { failed: 0, canceled: 1, jobs: 3, reasons: [{ count: 1, reason }] } },
      });
      expect(finished.status).toBe(0);
    }));
});

describeFlux('a job with a missing working directory', () => {
  test('fails as on the local member, with the reason in its error file', () =>
    withInstance(async (instance) => {
      const folder = newFolder();
      const { of, summary, finished } = await runGroups(instance, {
        missing: `command: pwd, workdir: /nonexistent/dir, error: ${folder}/err.txt`,
        file: 'command: pwd, workdir: /etc/passwd',
        attribute: 'command: pwd, attributes: {system: {cwd: /nonexistent/too}}',
        there: `command: pwd, workdir: ${folder}, output: out.txt`,
      });
      expect(of('missing').map(({ reason, line, exitStatus }) => [reason, line, exitStatus])).toEqual([
        ['start failed: working directory /nonexistent/dir: No such file or directory', null, 1],
      ]);
      expect(readFileSync(join(folder, 'err.txt'), 'utf8')).toContain(
        'start failed: working directory /nonexistent/dir: No such file or directory',
      );
      expect(of('file')[0]?.reason).toBe('start failed: working directory /etc/passwd: Not a directory');
      expect(of('attribute')[0]?.reason).toContain('working directory /nonexistent/too: No such file');
      expect(summary.groups.missing?.count).toMatchObject({ failed: 1, exception: 1, success: 0 });
      expect(summary.groups.there?.count).toMatchObject({ success: 1 });
      expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe(`${folder}\n`);
      expect(finished.status).toBe(1);
    }));
});
