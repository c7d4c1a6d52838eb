/** The order in which jobs run, and how many run at once. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { LocalMember } from '../../../../src/members/local/local-member.js';
import { Journal, ORIGIN, SPAWNER, sh, template, withMember } from './harness.js';

/** The ids in the order of an event. */
const orderOf = (journal: Journal, name: string) =>
  journal.all
    .filter((record) => record.events[0]?.name === name)
    .map((record) => journal.ids().indexOf(record.idText));

/** The largest number of jobs between `start` and `finish`, and the number at the end. */
function concurrency(journal: Journal): number {
  let running = 0;
  let most = 0;
  for (const record of journal.all) {
    if (record.events[0]?.name === 'alloc') most = Math.max(most, ++running);
    if (record.events[0]?.name === 'free') running--;
  }
  return most;
}

test('jobs run by urgency, then first come, first served; 0 holds them', async () => {
  const journal = await withMember({ slots: 1 }, async (member, records) => {
    await member.submit(template(sh('sleep 0.2')), 1, ORIGIN);
    await records.has(0, 'start');
    for (const urgency of [0, 16, 1, 31, 16]) await member.submit(template(['true'], { urgency }), 1, ORIGIN);
    await records.cleaned(5);
  });
  expect(orderOf(journal, 'start')).toEqual([0, 4, 2, 5, 3]);
  expect(journal.context(1, 'priority')).toEqual({ priority: 0 });
});

test('a job starts only when the record of its submission is in the log', async () => {
  const member = new LocalMember({ slots: 2, ensemble: 'run', spawnerPath: SPAWNER });
  const journal = new Journal();
  const keep: (() => void)[] = [];
  journal.kept = () => new Promise((resolve) => keep.push(resolve));
  await member.start(journal);
  try {
    await member.submit(template(['true']), 1, ORIGIN);
    expect(journal.names(0)).toContain('submit');
    // Long enough for a job that does not wait to start.
    await sleep(200);
    expect(journal.names(0)).not.toContain('alloc');
    for (const resolve of keep) resolve();
    await journal.cleaned(1);
  } finally {
    await member.stop(0);
  }
});

test('a job that does not fit yet blocks those after it', async () => {
  const journal = await withMember({ slots: 2 }, async (member, records) => {
    await member.submit(template(['sleep', '0.2']), 1, ORIGIN);
    await member.submit(template(['true'], { tasks: 2 }), 1, ORIGIN);
    await member.submit(template(['true']), 1, ORIGIN);
    await records.cleaned(3);
  });
  expect(orderOf(journal, 'start')).toEqual([0, 1, 2]);
  expect(concurrency(journal)).toBe(1);
});

test('the cancel of a blocking job lets those after it start', async () => {
  const journal = await withMember({ slots: 2 }, async (member, records) => {
    await member.submit(template(['sleep', '30']), 1, ORIGIN);
    await member.submit(template(['true'], { tasks: 2 }), 1, ORIGIN);
    await member.submit(template(['true']), 1, ORIGIN);
    await records.has(0, 'start');
    await member.cancel([BigInt(records.ids()[1] ?? 0)], 'out of the way');
    await records.has(2, 'clean');
  });
  expect(journal.names(1).slice(-2)).toEqual(['exception', 'clean']);
});

test('the member grows and shrinks, never below one slot or a running job', async () => {
  const journal = await withMember({ slots: 1 }, async (member, records) => {
    await member.submit(template(['sleep', '0.3']), 6, ORIGIN);
    await records.has(0, 'start');
    expect(await member.resize(3)).toEqual({ before: 1, after: 4 });
    await records.has(3, 'start');
    expect(records.names(4)).not.toContain('alloc');
    expect(await member.resize(-10)).toEqual({ before: 4, after: 1 });
    await records.cleaned(6);
  });
  expect(concurrency(journal)).toBe(4);
  const last = orderOf(journal, 'free').indexOf(3);
  expect(orderOf(journal, 'alloc').slice(4)).toEqual([4, 5]);
  expect(last).toBeLessThan(4);
  expect(journal.count('exception')).toBe(0);
});

test('a job that is too large waits while the member may grow, and blocks no other', async () => {
  await withMember({ slots: 1 }, async (member, records) => {
    member.setGrowable(true);
    await member.submit(template(['true'], { tasks: 3 }), 1, ORIGIN);
    await member.submit(template(['true']), 1, ORIGIN);
    await records.has(1, 'clean');
    expect(records.names(0).at(-1)).toBe('priority');
    await member.resize(1);
    await member.resize(1);
    await records.has(0, 'clean');
    expect(records.context(0, 'finish')).toEqual({ status: 0 });
  });
});

test('a job that is too large ends when the member can no longer grow, or shrinks', async () => {
  await withMember({ slots: 4 }, async (member, records) => {
    member.setGrowable(true);
    await member.submit(template(['sleep', '30'], { tasks: 3 }), 1, ORIGIN);
    await member.submit(template(['true'], { tasks: 8 }), 300, ORIGIN);
    member.setGrowable(false);
    await records.cleaned(300);
    await member.submit(template(['true'], { tasks: 4 }), 1, ORIGIN);
    await member.resize(-1);
    await records.cleaned(301);
    expect(records.context(301, 'exception')?.note).toBe(
      'unsatisfiable request: needs 4 slots, this member has 3',
    );
    expect(records.names(0).at(-1)).toBe('start');
  });
});

test('2,000 jobs let the event loop run, and leave no data', async () => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const journal = await withMember({ slots: 64 }, async (member, records) => {
    delay.enable();
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    expect(await member.submit(template(['true']), 2000, ORIGIN)).toBe(2000);
    const turnsOfSubmit = turns;
    await records.cleaned(2000);
    clearInterval(timer);
    expect(turnsOfSubmit).toBeGreaterThan(3);
  });
  delay.disable();
  console.log(`2,000 jobs: longest event-loop delay ${(delay.max / 1e6).toFixed(1)} ms`);
  expect(concurrency(journal)).toBeLessThanOrEqual(64);
  expect(Math.max(...journal.calls)).toBeLessThan(80_000);
  expect(journal.calls.length).toBeGreaterThan(50);
  expect(journal.ids()).toHaveLength(2000);
  const records = new Map<string, number>();
  for (const { idText } of journal.all) records.set(idText, (records.get(idText) ?? 0) + 1);
  records.delete('-1');
  expect(new Set(records.values())).toEqual(new Set([11]));
}, 120_000);

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');

/** Sets the limit of open files of the spawner, whose keeper is a child of this process. */
function limitSpawner(files: number): void {
  const keeper = childrenOf(process.pid).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(SPAWNER),
  );
  const [spawner] = childrenOf(Number(keeper));
  execFileSync('prlimit', [`--pid=${spawner}`, `--nofile=${files}:4096`]);
}

test('jobs wait with their slots when the system lacks resources, and can be canceled', async () => {
  const journal = await withMember({ slots: 3 }, async (member, records) => {
    limitSpawner(5); // Standard input, output and error, the keeper, and the one for SIGCHLD.
    await member.submit(template(['true']), 4, ORIGIN);
    await records.has(1, 'alloc');
    await sleep(100);
    expect(records.count('start')).toBe(0);
    expect(await member.cancel([BigInt(records.ids()[1] ?? 0)], 'tired of waiting')).toBe(1);
    limitSpawner(1024);
    await records.cleaned(4);
  });
  expect(journal.context(0, 'finish')).toEqual({ status: 0 });
  expect(journal.names(1).slice(-5)).toEqual(['alloc', 'exception', 'release', 'free', 'clean']);
  expect(journal.count('finish')).toBe(3);
});

test('submit before start and after stop is refused', async () => {
  const member = new LocalMember({ slots: 1, ensemble: null, spawnerPath: SPAWNER });
  const refused = { code: 'ERR_MEMBER' };
  await expect(member.submit(template(['true']), 1, ORIGIN)).rejects.toMatchObject(refused);
  const journal = new Journal();
  await member.start(journal);
  await expect(member.start(journal)).rejects.toMatchObject(refused);
  await member.stop(1);
  await expect(member.submit(template(['true']), 1, ORIGIN)).rejects.toMatchObject(refused);
});
