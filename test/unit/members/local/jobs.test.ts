/** A user's jobs: real processes with files, variables, limits, and descendants. */

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';
import type { JobTemplate } from '../../../../src/model/ensemble.js';
import { formatJobId } from '../../../../src/model/job-id.js';
import {
  eventually,
  type Journal,
  ORIGIN,
  processesOf,
  sh,
  template,
  uniqueSleep,
  withMember,
} from './harness.js';

const folder = mkdtempSync(join(tmpdir(), 'local-member-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs one job to its end. */
function runOne(job: JobTemplate, killTimeout = 5): Promise<Journal> {
  return withMember({ killTimeout }, async (member, journal) => {
    await member.submit(job, 1, ORIGIN);
    await journal.cleaned(1);
  });
}

const status = (journal: Journal) => journal.context(0, 'finish')?.status;
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

test('output and error share a file in the order of writing', async () => {
  writeFileSync(join(folder, 'both.txt'), 'what was here before');
  await runOne(template(sh('echo a; echo b >&2; echo c'), { workdir: folder, output: 'both.txt' }));
  expect(read('both.txt')).toBe('a\nb\nc\n');
});

test('output and error have files of their own, named by templates', async () => {
  // Ids have an ASCII f where the locale is not UTF-8.
  process.env.LC_ALL = 'C.UTF-8';
  const journal = await runOne(
    template(sh('echo out; echo err >&2'), {
      workdir: folder,
      output: 'out-{{id}}-{{name}}-{{size}}-{{what}}',
      error: '{{id.f58plain}}_{{jobid.dec}}_{{id.hex}}',
    }),
  );
  const id = BigInt(journal.ids()[0] ?? 0);
  expect(read(`out-${formatJobId(id)}-sh-1-{{what}}`)).toBe('out\n');
  expect(read(`${formatJobId(id, 'f')}_${id}_0x${id.toString(16)}`)).toBe('err\n');
});

test('the environment is that of the ensemble with the job’s on top, also to find the program', async () => {
  process.env.LOCAL_TEST_KEPT = 'kept';
  process.env.LOCAL_TEST_SET = 'old';
  writeFileSync(join(folder, 'my-tool'), '#!/bin/sh\necho "$LOCAL_TEST_KEPT/$LOCAL_TEST_SET/$EMPTY."\n');
  chmodSync(join(folder, 'my-tool'), 0o755);
  const environment = { LOCAL_TEST_SET: 'new = ü', EMPTY: '', PATH: `${folder}:${process.env.PATH}` };
  await runOne(template(['my-tool'], { environment, output: join(folder, 'env.txt') }));
  expect(read('env.txt')).toBe('kept/new = ü/.\n');
});

test('a job inherits no files, no blocked and no ignored signals, and has an empty input', async () => {
  const script = 'ls /proc/self/fd | wc -l; cat; grep -E "Sig(Blk|Ign)" /proc/self/status | sort -u -k2';
  await runOne(template(sh(script), { output: join(folder, 'clean.txt') }));
  // 0, 1, 2 and the folder that ls reads.
  expect(read('clean.txt')).toBe('4\nSigBlk:\t0000000000000000\n');
});

// With the exit status that Flux's shell reports.
test.each([
  ['workdir', { workdir: '/no/such/dir' }, 'working directory /no/such/dir: No such file or directory'],
  ['output', { output: '/no/such/dir/out' }, 'output file /no/such/dir/out: No such file or directory'],
  ['error', { error: '/proc/self' }, 'error file /proc/self: Is a directory'],
])('a bad %s is an exec exception that names it', async (_, changes, note) => {
  const journal = await runOne(template(['true'], changes));
  expect(journal.names(0).slice(-6)).toEqual(['start', 'exception', 'finish', 'release', 'free', 'clean']);
  expect(journal.context(0, 'exception')).toMatchObject({ type: 'exec', severity: 0 });
  expect(journal.context(0, 'exception')?.note).toContain(note);
  expect(status(journal)).toBe(1 << 8);
});

test('the time limit ends a job that ignores SIGTERM, and its grandchildren', async () => {
  const seconds = uniqueSleep();
  const script = `trap '' TERM; sleep ${seconds} & sleep ${seconds} & wait; sleep ${seconds}`;
  const journal = await runOne(template(sh(script), { duration: 0.3 }), 0.3);
  expect(journal.context(0, 'exception')).toMatchObject({
    type: 'timeout',
    note: 'resource allocation expired',
  });
  expect(status(journal)).toBe(137 << 8);
  expect(processesOf('sleep', seconds)).toEqual([]);
});

test('a job that ends in time after SIGTERM keeps its exit code', async () => {
  const journal = await runOne(template(sh("trap 'exit 5' TERM; sleep 30 & wait"), { duration: 0.3 }));
  expect(status(journal)).toBe(5 << 8);
});

test('processes in the group of a job die with its leader', async () => {
  const seconds = uniqueSleep();
  const journal = await withMember({}, async (member, records) => {
    await member.submit(template(sh(`sleep ${seconds} & exit 4`)), 1, ORIGIN);
    await records.cleaned(1);
    await eventually(() => processesOf('sleep', seconds).length === 0, 'no orphan');
  });
  expect(status(journal)).toBe(4 << 8);
});

test('daemons in sessions of their own die at the end of the run', async () => {
  const seconds = uniqueSleep();
  const daemons = `setsid sh -c 'sleep ${seconds} & setsid sleep ${seconds}' & sleep 30`;
  await withMember({}, async (member, journal) => {
    await member.submit(template(sh(daemons)), 1, ORIGIN);
    await eventually(() => processesOf('sleep', seconds).length === 2, 'two daemons');
    await member.cancel(journal.ids().map(BigInt), 'the job itself');
    await journal.cleaned(1);
    expect(processesOf('sleep', seconds)).toHaveLength(2);
  });
  expect(processesOf('sleep', seconds)).toEqual([]);
});

test('a cancel reaches a job whose output file never finishes opening', async () => {
  const journal = await withMember({}, async (member, records) => {
    await member.submit(template(['mkfifo', join(folder, 'fifo')]), 1, ORIGIN);
    await records.cleaned(1);
    await member.submit(template(['true'], { output: join(folder, 'fifo') }), 1, ORIGIN);
    await member.submit(template(['true']), 1, ORIGIN);
    await records.cleaned(2); // The second job starts without delay.
    expect(await member.cancel([BigInt(records.ids()[1] ?? 0)], 'enough')).toBe(1);
    await records.cleaned(3);
  });
  const end = ['start', 'exception', 'finish', 'release', 'free', 'clean'];
  expect(journal.names(1).slice(-6)).toEqual(end);
  expect(existsSync(join(folder, 'fifo'))).toBe(true);
});

test('a job that no process can run is refused', async () => {
  await withMember({}, async (member) => {
    const refused = { code: 'ERR_ACTION', rule: 0 };
    await expect(member.submit(template([]), 1, ORIGIN)).rejects.toMatchObject(refused);
    await expect(member.submit(template(['a\0b']), 1, ORIGIN)).rejects.toMatchObject(refused);
    const oddName = template(['a'], { environment: { 'A=B': 'c' } });
    await expect(member.submit(oddName, 1, ORIGIN)).rejects.toMatchObject(refused);
  });
});
