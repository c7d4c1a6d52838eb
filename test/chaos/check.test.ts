/** The checker accepts a run that is equal, and notices each kind of difference. */

import { beforeAll, describe, expect, test } from 'vitest';
import { local, undisturbed } from './cases.js';
import { type Allowed, check, keyOf } from './check.js';
import { features } from './features.js';
import type { Outcome, Row, Summary } from './outcome.js';
import { Random } from './random.js';
import { rows, StudyBuilder } from './study.js';

const builder = new StudyBuilder('javascript');
const first = builder.group('first', {}, { parameters: rows(3) });
builder.rule({ trigger: 'start', action: { name: 'submit', label: first.name } });
for (const name of ['plugged', 'retried', 'measured', 'added'] as const) {
  features[name](builder, first, new Random(name));
}
const study = builder.build('some features');

let expected: Outcome;
let summary: Summary;
beforeAll(async () => {
  ({ outcome: expected } = await undisturbed(study, local));
  if (expected.summary === null) throw new Error('no summary');
  summary = expected.summary;
}, 120_000);

/** The faults that the checker finds. */
function faultsOf(change: Partial<Outcome>, allowed: Allowed = { losses: true }): readonly string[] {
  return check({ ...expected, ...change }, expected, allowed).faults;
}

const withSummary = (change: Partial<Summary>) => faultsOf({ summary: { ...summary, ...change } });
const row = (change: Partial<Row> = {}): Row => ({ ...(expected.rows[0] as Row), ...change });
const withKey = (key: string, more: number) =>
  new Map(expected.keys).set(key, (expected.keys.get(key) ?? 0) + more);

describe('an equal run', () => {
  test('has jobs of each kind to compare', () => {
    expect(expected.rows.length).toBeGreaterThan(20);
    expect(expected.keys.size).toBeGreaterThan(10);
    expect(expected.calls.size).toBe(4);
    expect(expected.rows.some(({ attempt }) => attempt > 0)).toBe(true);
    expect(Object.values(summary.groups).some(({ probes }) => probes !== undefined)).toBe(true);
  });

  test('has no faults, also when it is a run of its own', async () => {
    expect(faultsOf({})).toEqual([]);
    const { outcome } = await undisturbed(study, local);
    expect(check(outcome, expected, { losses: false })).toEqual({ faults: [], lost: 0, twice: 0, again: 0 });
  });

  test('may have no summary', () => {
    expect(faultsOf({ summary: null, status: 2 })).toEqual([]);
  });

  test('may have jobs that ran again because they were lost', () => {
    const again = row({ result: 'lost', exit: null });
    const outcome = { ...expected, rows: [again, ...expected.rows], keys: withKey(keyOf(again), 1) };
    expect(check(outcome, expected, { losses: true })).toEqual({ faults: [], lost: 0, twice: 0, again: 1 });
    expect(faultsOf(outcome, { losses: false })).toEqual(['1 jobs are lost', expect.stringContaining('key')]);
  });
});

describe('the checker notices', () => {
  test('a job that did not run', () => {
    const key = keyOf(row());
    const keys = new Map(expected.keys);
    keys.delete(key);
    const verdict = check({ ...expected, keys }, expected, { losses: true });
    expect(verdict).toMatchObject({ lost: 1, faults: [`the key ${key} was appended 0 times, expected 1`] });
  });

  test('a job that ran twice without a loss', () => {
    const key = keyOf(row());
    const verdict = check({ ...expected, keys: withKey(key, 1) }, expected, { losses: true });
    expect(verdict).toMatchObject({ twice: 1, faults: [expect.stringContaining('2 times, expected 1')] });
  });

  test('a job that ran more often than it was lost', () => {
    const again = row({ result: 'lost' });
    const outcome = { ...expected, rows: [again, ...expected.rows], keys: withKey(keyOf(again), 2) };
    expect(check(outcome, expected, { losses: true }).twice).toBe(1);
  });

  test('a job that no rule requests', () => {
    expect(faultsOf({ keys: withKey('other-1', 1) })).toHaveLength(1);
  });

  test('a job that is submitted twice', () => {
    const faults = faultsOf({ rows: [...expected.rows, row({ jobid: '1' })] });
    expect(faults).toEqual([expect.stringContaining('2, expected 1'), expect.stringContaining('2 jobs of')]);
  });

  test('a missing row, and a row with another result, attempt or rule', () => {
    const others = expected.rows.slice(1);
    expect(faultsOf({ rows: others })).toHaveLength(1);
    for (const change of [{ result: 'failed' }, { attempt: 1 }, { 'rule.name': 'other' }]) {
      expect(faultsOf({ rows: [row(change), ...others] })).toHaveLength(2);
    }
  });

  test('the row of an ended job that has changed since a kill', () => {
    const known = [row({ submit: 1 })];
    expect(faultsOf({}, { losses: true, known })).toEqual([expect.stringContaining('has changed')]);
    expect(faultsOf({}, { losses: true, known: [row()] })).toEqual([]);
  });

  test('a count, a rule, an end, and an exit status that differ', () => {
    const [name = '', group] = Object.entries(summary.groups)[0] ?? [];
    if (group === undefined) throw new Error('no group');
    const count = { ...group.count, retried: 1 };
    expect(withSummary({ groups: { ...summary.groups, [name]: { ...group, count } } })).toHaveLength(1);
    const [rule] = summary.rules;
    if (rule === undefined) throw new Error('no rule');
    const more = { ...rule, firings: rule.firings + 1 };
    expect(withSummary({ rules: [more, ...summary.rules.slice(1)] })).toHaveLength(1);
    expect(withSummary({ end: 'terminated' })).toHaveLength(1);
    expect(faultsOf({ status: 3 })).toHaveLength(1);
  });

  test('a measurement that differs', () => {
    const [name = '', group] =
      Object.entries(summary.groups).find(([, { probes }]) => probes !== undefined) ?? [];
    const size = group?.probes?.size;
    if (group === undefined || size === undefined) throw new Error('no probe');
    const probes = { size: { ...size, count: size.count + 1 } };
    expect(withSummary({ groups: { ...summary.groups, [name]: { ...group, probes } } })).toHaveLength(1);
  });

  test('calls of the user code that are missing, unexpected or repeated with one attempt', () => {
    const [[name = ''] = []] = [...expected.calls];
    const calls = (attempts: number[] | null, other = name) => {
      const changed = new Map(expected.calls);
      if (attempts === null) changed.delete(other);
      else changed.set(other, attempts);
      return changed;
    };
    expect(faultsOf({ calls: calls(null) })).toHaveLength(1);
    expect(faultsOf({ calls: calls([0], 'other') })).toHaveLength(1);
    expect(faultsOf({ calls: calls([0, 0]) })).toHaveLength(1);
    expect(faultsOf({ calls: calls([0, 1]) })).toHaveLength(0);
    expect(faultsOf({ calls: calls([0, 0]) }, { losses: true, cutOff: new Map() })).toHaveLength(0);
  });

  test('a study whose undisturbed run is not the expected one', async () => {
    const wrong = new StudyBuilder('javascript');
    wrong.group('first', { ends: 3 }, { parameters: rows(2) });
    await expect(undisturbed(wrong.build('wrong'), local)).rejects.toThrow('first0');
  });
});
