/** Runs whose log has to survive the host, on a disk that becomes full. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { cli, main, newFolder } from '../support/cli.js';

/** The first job fills the disk of the run, which is DISK. The others append a line to a file. */
const STUDY = `jobs:
  - {name: fill, command: "sh -c 'cat /dev/zero > DISK/full 2> /dev/null; true'"}
  - {name: count, command: "sh -c 'echo one >> ran'"}
rules:
  - {trigger: start, action: {name: submit, label: fill}}
  - {trigger: job-success, name: fill, action: {name: submit, label: count, value: 20}}
  - {trigger: job-success, name: count, action: {name: submit, label: count, repetitions: 600}}
`;

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

interface Line {
  readonly type: string;
  readonly end?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly damage?: string | null;
  readonly failedJobs?: number;
  readonly groups?: Readonly<Record<string, { readonly count: object }>>;
}

describe.skipIf(!canMount).concurrent('a run whose disk becomes full', () => {
  /** Runs the study on a disk of 2 MB, makes room there, and resumes it. */
  async function study(durability: string) {
    const [folder, disk] = [newFolder(), newFolder()];
    writeFileSync(join(folder, 'study.yaml'), STUDY.replace('DISK', disk));
    const script = `mount -t tmpfs -o size=2m,mode=700 tmpfs "$0"
      "$@" run study.yaml --slots 4 --durability ${durability} --json > run.json; echo "$?" > status
      wc -l < ran > before
      rm "$0"/full
      for command in runs jobs "why 0"; do "$@" $command 2>> warnings > /dev/null; done
      "$@" resume --json > resume.json; echo "$?" >> status
      "$@" resume --json --incomplete-log > accepted.json 2> /dev/null; echo "$?" >> status`;
    const child = spawn('unshare', ['-m', 'sh', '-c', script, disk, process.execPath, main], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, XDG_STATE_HOME: disk },
    });
    const stderr = await text(child.stderr);
    const read = (name: string) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
    const lines = (name: string): Line[] =>
      read(name)
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    return {
      stderr,
      ran: lines('run.json'),
      resumed: lines('resume.json'),
      accepted: lines('accepted.json'),
      warnings: read('warnings').filter((line) => line.includes('incomplete')),
      before: Number(read('before')[0]),
      statuses: read('status').map(Number),
    };
  }

  test('fails with the durability host, and is resumed', async () => {
    const { ran, resumed, before, statuses, warnings } = await study('host');
    expect(ran.at(-1)).toMatchObject({ type: 'summary', end: 'failed', error: { code: 'ERR_RUN' } });
    expect(ran.at(-1)?.error?.message).toMatch(
      /^the log of the run has ended: writing .*: No space left on device\. The run has failed, because its durability is host$/,
    );
    expect(before).toBeLessThan(620);
    expect(resumed[0]).toMatchObject({ type: 'resumed', damage: null });
    expect(resumed.at(-1)).toMatchObject({ end: 'idle', failedJobs: 0 });
    expect(resumed.at(-1)?.groups?.count?.count).toMatchObject({ submitted: 620, success: 620 });
    expect(statuses).toEqual([3, 0, 2]);
    expect(warnings).toEqual([]);
  });

  test('goes on with the durability process', async () => {
    const { ran, accepted, stderr, statuses, warnings } = await study('process');
    expect(ran.filter(({ type }) => type === 'problem')).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/^the log of the run has ended: .*The run goes on/),
      }),
    );
    expect(ran.at(-1)).toMatchObject({ end: 'idle' });
    expect(ran.at(-1)?.groups?.count?.count).toMatchObject({ submitted: 620, success: 620 });
    // The end of the run is not known, and neither are its last jobs.
    expect(stderr).toMatch(
      /ensemble: error: run \S+ can't be resumed: its log ended on [-\d]+ [:\d]+, before the run did\. Jobs that were submitted later are not known, and would run twice; --incomplete-log goes on all the same/,
    );
    expect(statuses).toEqual([0, 2, 0]);
    expect(accepted[0]).toMatchObject({ type: 'resumed' });
    expect(warnings).toHaveLength(3);
    for (const line of warnings) {
      expect(line).toMatch(
        /^ensemble: warning: the log of run \S+ is incomplete since [-\d]+ [:\d]+: it could not be written, so later jobs are missing$/,
      );
    }
  });
});

test('the durability host needs a log', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'study.yaml'), STUDY);
  const run = (...args: string[]) =>
    cli(['run', 'study.yaml', '--durability', 'host', ...args], { cwd: folder });
  const without = await run('--no-log');
  expect(without.stderr).toContain('--durability host needs the log of the run: omit --no-log');
  const unwritable = await run('--state', join(folder, 'study.yaml'));
  expect(unwritable.stderr).toMatch(
    /^ensemble: error: the folder \S+\/study\.yaml\/runs can't be created: ENOTDIR.*\n$/,
  );
  expect([without.status, unwritable.status]).toEqual([2, 2]);
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});
