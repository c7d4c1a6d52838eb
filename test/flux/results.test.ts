/** A job's result is Flux's own, whenever its exceptions come; and a job that Flux refuses was never submitted. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, eventually, jsonLines, newFolder } from '../support/cli.js';
import {
  allGood,
  describeFlux,
  type Instance,
  reportOf,
  run,
  withInstance,
} from '../support/flux-instance.js';

type Exceptions = readonly (readonly [type: string, severity: number])[];

/** Events of a group's job: exceptions, in order, while it is pending, running or cleaned up. */
interface Fate {
  readonly command: string;
  readonly more?: string;
  readonly when?: 'waits' | 'runs' | 'is cleaned up';
  readonly exceptions?: Exceptions;
}

const waiting = (...exceptions: Exceptions): Fate => ({
  command: 'true',
  more: 'urgency: 0',
  when: 'waits',
  exceptions,
});
const running = (command: string, ...exceptions: Exceptions): Fate => ({ command, when: 'runs', exceptions });
const late = (command: string, ...exceptions: Exceptions): Fate => ({
  command,
  when: 'is cleaned up',
  exceptions,
});
const crashes = 'sh -c "kill -9 $$"';

const fates: Readonly<Record<string, Fate>> = {
  good: { command: 'true' },
  bad: { command: 'false' },
  crash: { command: crashes },
  missing: { command: '/nowhere/to-be-found' },
  limit: { command: 'sleep 60', more: 'duration: 0.5' },
  'waiting-cancel': waiting(['cancel', 0]),
  'waiting-timeout': waiting(['timeout', 0]),
  'running-cancel': running('sleep 60', ['cancel', 0]),
  'running-oom': running('sleep 60', ['oom', 0]),
  'running-light-timeout': running('sh -c "sleep 3; exit 1"', ['timeout', 3]),
  'running-light-cancel-good': running('sleep 3', ['cancel', 3]),
  'running-two': running('sleep 60', ['timeout', 0], ['cancel', 0]),
  'late-good-cancel': late('true', ['cancel', 0]),
  'late-cancel': late('false', ['cancel', 0]),
  'late-timeout': late('false', ['timeout', 0]),
  'late-oom': late('false', ['oom', 0]),
  'late-crash-cancel': late(crashes, ['cancel', 0]),
  'late-light-cancel': late('false', ['cancel', 3]),
  'late-graver': late('false', ['cancel', 3], ['oom', 1]),
  'late-lighter': late('false', ['oom', 1], ['cancel', 3]),
  'late-equal': late('false', ['oom', 2], ['cancel', 2]),
  'late-fatal': late('false', ['oom', 1], ['timeout', 0], ['cancel', 0]),
};

type Counts = Readonly<Record<string, number>>;

/** The results that a group's counts are of, in words. */
function resultsOf({ success = 0, failed = 0, canceled = 0, timeout = 0 }: Counts): string[] {
  const numbers = { CANCELED: canceled, COMPLETED: success, FAILED: failed - timeout, TIMEOUT: timeout };
  return Object.entries(numbers).flatMap(([word, count]) => Array.from({ length: count }, () => word));
}

const eachOf = (groups: Readonly<Record<string, Counts>>) =>
  Object.fromEntries(Object.entries(groups).map(([name, counts]) => [name, resultsOf(counts)]));

/** Raises a job's exceptions, one after another, when it has come that far. */
async function strike(instance: Instance, id: string, { when, exceptions = [] }: Fate): Promise<void> {
  const event = { waits: 'depend', runs: 'start', 'is cleaned up': 'epilog-start' }[when ?? 'waits'];
  await instance.flux('job', 'wait-event', '-t', '90', id, event);
  for (const [type, severity] of exceptions) {
    await instance.flux('job', 'raise', `--severity=${severity}`, `--type=${type}`, id);
  }
}

/** Counts of a recording, by group. */
async function replayed(recording: string, file: string): Promise<Record<string, Counts>> {
  const { summary } = jsonLines(await cli(['replay', '--json', recording, file]));
  return Object.fromEntries(Object.entries(summary.groups).map(([name, { count }]) => [name, count]));
}

describeFlux("a job's result", () => {
  test('is that of Flux, live, in a replay and in a backlog, also for rules and retries', async () => {
    const folder = newFolder();
    const [open, recording, backlog] = ['open', 'run.ndjson', 'backlog.ndjson'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const names = Object.keys(fates);
    const named = (name: string) => `attributes: {system: {job: {name: ${name}}}}`;
    const entries = Object.entries(fates).map(
      ([name, { command, more = 'nodes: 1' }]) =>
        `  - {name: ${name}, command: ${JSON.stringify(command)}, retry: {times: 1, on: [failed]}, ${named(name)}, ${more}}`,
    );
    const file = ensembleFile(
      `jobs:
${entries.join('\n')}
  - {name: seen, command: "true", ${named('seen')}}
rules:
${names.map((name) => `  - {trigger: start, action: {name: submit, label: ${name}}}`).join('\n')}
  - {trigger: job-cancel, name: late-cancel, action: {name: submit, label: seen}}
  - {trigger: job-fail, name: bad, when: event.status == 1, action: {name: submit, label: seen}}
  - {trigger: job-fail, name: late-cancel, action: {name: terminate}}
`,
      folder,
    );
    await withInstance(
      async (instance) => {
        const live = instance.start(['run', '--json', '--record', recording, file]);
        const all = async () => (await instance.jobs('{id}')).length >= names.length;
        await eventually(all, 'all jobs are there', 60);
        const lines = (await instance.jobs('{name} {id}')).map((line) => line.split(' ') as [string, string]);
        const ids = new Map(lines);
        const struck = Object.entries(fates).filter(([, { when }]) => when !== undefined);
        await Promise.all(struck.map(([name, fate]) => strike(instance, ids.get(name) ?? '', fate)));
        writeFileSync(open, '');
        const { counts, summary } = reportOf(await live.finished);
        expect(summary.end).toBe('idle');

        const said: Record<string, string[]> = {};
        for (const line of (await instance.jobs('{name} {result}')).sort()) {
          const [name = '', result = ''] = line.split(' ');
          said[name] = [...(said[name] ?? []), result];
        }
        expect(eachOf(counts)).toEqual(said);
        expect(said).toMatchObject({
          good: ['COMPLETED'],
          bad: ['FAILED', 'FAILED'],
          limit: ['TIMEOUT'],
          'running-light-timeout': ['TIMEOUT'],
          'running-light-cancel-good': ['COMPLETED'],
          'late-good-cancel': ['COMPLETED'],
          'late-cancel': ['CANCELED'],
          'late-timeout': ['TIMEOUT'],
          'late-light-cancel': ['CANCELED'],
          'late-graver': ['FAILED', 'FAILED'],
          'late-fatal': ['TIMEOUT'],
        });
        for (const [name, { submitted, success, failed, canceled, pending, running }] of Object.entries(
          counts,
        )) {
          expect(submitted, name).toBe(success + failed + canceled);
          expect(pending + running, name).toBe(0);
        }
        expect(counts['late-cancel']?.retried).toBe(0);
        expect(counts.seen).toEqual(allGood(2));

        expect(await replayed(recording, file)).toEqual(counts);
        // The jobs that Flux still knows, each in one record.
        const whole = instance.start(['record', '--full', '--duration', '3', backlog]);
        expect((await whole.finished).status).toBe(0);
        expect(eachOf(await replayed(backlog, file))).toEqual(said);
      },
      { epilog: ['sh', '-c', `while [ ! -e ${open} ]; do sleep 0.5; done`], cores: 64 },
    );
  }, 240_000);
});

describeFlux('jobs that the job manager refuses', () => {
  test('do not affect counts, rules and retries, live and in a replay', () =>
    withInstance(async (instance) => {
      const folder = newFolder();
      const dependencies = (...schemes: readonly string[]) =>
        `attributes: {system: {dependencies: [${schemes.map((scheme) => `{scheme: ${scheme}, value: "1"}`).join(', ')}]}}`;
      const file = ensembleFile(
        `jobs:
  - {name: a, command: "true", retry: 3, ${dependencies('nope')}}
  - {name: b, command: "true", ${dependencies('begin-time', 'nope')}}
  - {name: mixed, command: "true"}
  - {name: mixed, command: "true", ${dependencies('nope')}}
  - {name: mixed, command: "true"}
  - {name: told, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b}}
  - {trigger: start, action: {name: submit, label: mixed}}
  - {trigger: job-submit, name: a, action: {name: submit, label: told}}
  - {trigger: job-submit, name: b, action: {name: submit, label: told}}
  - {trigger: job-inactive, name: a, action: {name: submit, label: told}}
  - {trigger: metric, name: count.a.submitted, action: {name: submit, label: told}}
  - {trigger: metric, name: count.mixed.submitted, when: "> 2", action: {name: submit, label: told}}
`,
        folder,
      );
      const none = { submitted: 0, finished: 0, success: 0, failed: 0, canceled: 0, retried: 0 };
      const nothing = { ...none, pending: 0, running: 0 };
      const recording = join(folder, 'run.ndjson');
      const { counts, problems, firings } = await run(instance, file, ['--record', recording]);
      expect(problems.length).toBeGreaterThanOrEqual(3);
      expect(counts).toMatchObject({ a: nothing, b: nothing, told: nothing, mixed: allGood(2) });
      expect(firings).toHaveLength(3);
      const again = await replayed(recording, file);
      expect(again).toMatchObject({ a: nothing, b: nothing, told: nothing, mixed: allGood(2) });
    }));
});
