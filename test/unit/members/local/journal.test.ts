/** The records have the form of Flux's: they are compared with recordings of a real instance. */

import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { parseJobId } from '../../../../src/model/job-id.js';
import { type Entry, type Journal, ORIGIN, parseRecords, sh, template, withMember } from './harness.js';

const fixture = (name: string) =>
  readFileSync(new URL(`../../../fixtures/journals/${name}`, import.meta.url), 'utf8');
const recording = parseRecords(fixture('b_failures.ndjson'));

/** Flux's records of a scenario: names, order, and the keys of each context. */
function recorded(scenario: string): unknown[] {
  const f58 = new RegExp(`^${scenario}\\t(.+)$`, 'mu').exec(fixture('b_failures.ids.tsv'))?.[1] ?? '';
  const id = String(parseJobId(f58));
  return recording.filter((record) => record.idText === id).flatMap((record) => record.events.map(shape));
}

const shape = (event: Entry) => ({ name: event.name, keys: Object.keys(event.context ?? {}).sort() });
const statuses = (journal: Journal, index = 0) => journal.context(index, 'finish')?.status;

test('the first record is the sentinel', async () => {
  const journal = await withMember({}, async () => {});
  expect(journal.all).toEqual([{ id: -1, idText: '-1', events: [] }]);
});

test.each([
  ['exit3', template(sh('exit 3')), 768],
  ['sigkill', template(sh('kill -9 $$')), 137 << 8],
  ['sigsegv', template(sh('kill -SEGV $$')), 139 << 8],
  ['notfound', template(['/no/such/command', '--x']), 127 << 8],
  ['exec_eperm', template(['/etc/passwd']), 126 << 8],
  ['timeout', template(['sleep', '30'], { duration: 0.2 }), 143 << 8],
])('%s has the records of Flux', async (scenario, job, status) => {
  const journal = await withMember({}, async (member, records) => {
    await member.submit(job, 1, ORIGIN);
    await records.cleaned(1);
  });
  expect(journal.job(0).map(shape)).toEqual(recorded(scenario));
  expect(statuses(journal)).toBe(status);
});

test('unsat has the records of Flux', async () => {
  const journal = await withMember({}, async (member, records) => {
    await member.submit(template(['true'], { tasks: 2, cores: 2 }), 1, ORIGIN);
    await records.cleaned(1);
  });
  expect(journal.job(0).map(shape)).toEqual(recorded('unsat'));
  expect(journal.context(0, 'exception')).toMatchObject({
    type: 'alloc',
    note: 'unsatisfiable request: needs 4 slots, this member has 2',
  });
});

test('cancels of held and running jobs have the records of Flux', async () => {
  const journal = await withMember({}, async (member, records) => {
    await member.submit(template(['true'], { urgency: 0 }), 1, ORIGIN);
    await member.submit(template(['sleep', '30']), 1, ORIGIN);
    await records.has(1, 'start');
    const note = 'user said "no" \\ ünïcode';
    expect(await member.cancel(records.ids().map(BigInt), note)).toBe(2);
    expect(await member.cancel(records.ids().map(BigInt), note)).toBe(0);
    await records.cleaned(2);
    expect(await member.cancel([...records.ids().map(BigInt), 12345n], note)).toBe(0);
    expect(records.context(0, 'exception')).toMatchObject({ type: 'cancel', severity: 0, note });
  });
  expect(journal.job(0).map(shape)).toEqual(recorded('held_cancelled'));
  expect(journal.job(1).map(shape)).toEqual(recorded('cancelled_running'));
  expect(statuses(journal, 1)).toBe(143 << 8);
});

test('jobspec and R hold the requested and the allocated resources', async () => {
  const job = template(['echo', 'ƒ "x"'], {
    group: 'a.b-c',
    tasks: 2,
    cores: 2,
    gpus: 1,
    duration: 60,
    queue: 'batch',
    environment: { SECRET: 'not for the journal' },
  });
  const journal = await withMember({ slots: 4, ensemble: 'r-1' }, async (member, records) => {
    await member.submit(job, 2, { rule: 3, firing: 17, part: 0, index: 0, attempt: 0 });
    await records.cleaned(2);
  });
  const { jobspec } = journal.all.filter((record) => record.jobspec !== undefined)[1] ?? {};
  const devices = [
    { type: 'core', count: 2 },
    { type: 'gpu', count: 1 },
  ];
  expect(jobspec).toEqual({
    version: 1,
    resources: [{ type: 'slot', count: 2, with: devices, label: 'task' }],
    tasks: [{ command: ['echo', 'ƒ "x"'], slot: 'task', count: { per_slot: 1 } }],
    attributes: {
      system: { duration: 60, cwd: process.cwd(), queue: 'batch' },
      user: { group: 'a.b-c', ensemble: 'r-1', origin: { entry: 0, rule: 3, firing: 17, index: 1 } },
    },
  });
  const R = journal.all.find((record) => record.R !== undefined)?.R as
    | { execution: { starttime: number; expiration: number; R_lite: unknown; nslots: number } }
    | undefined;
  expect(R?.execution.R_lite).toEqual([{ rank: '0', children: { core: '0-3' } }]);
  expect(R?.execution.nslots).toBe(2);
  expect((R?.execution.expiration ?? 0) - (R?.execution.starttime ?? 0)).toBeCloseTo(60, 3);
});

test('timestamps never decrease inside a job, and are finer than a millisecond', async () => {
  const before = Date.now() / 1000;
  const journal = await withMember({}, async (member, records) => {
    await member.submit(template(['true']), 50, ORIGIN);
    await records.cleaned(50);
  });
  const all = journal.ids().map((_, index) => journal.job(index).map((event) => event.timestamp));
  for (const times of all) expect(times).toEqual([...times].sort((a, b) => a - b));
  const times = all.flat();
  expect(Math.min(...times)).toBeGreaterThanOrEqual(before);
  expect(Math.max(...times)).toBeLessThanOrEqual(Date.now() / 1000 + 0.001);
  expect(times.some((time) => (time * 1e3) % 1 !== 0)).toBe(true);
});
