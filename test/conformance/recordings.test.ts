import { describe, expect, test } from 'vitest';
import type { GroupMetrics } from '../../src/model/metrics.js';
import { groupOf } from '../reference/job.js';
import { isObject, readRecord } from '../reference/journal.js';
import { aCase, allRules, onCount, onJob, onStatistic, rule } from './build-case.js';
import { fluxResults, recording, recordings } from './recordings.js';
import { type Case, runNative, runReference, type Step } from './run-case.js';
import { expectSame } from './same.js';

const rules = [
  rule({ trigger: 'start' }),
  onJob('fail', { repetitions: 20, wantsEvent: true }),
  onJob('cleanup', { group: 2, backoff: 6 }),
  onJob('exception', { wantsEvent: true }),
  onCount('running', { comparison: '>=', threshold: 3, backoff: 2 }),
  onCount('finished', { group: 1, comparison: '>', threshold: 100, repetitions: 5 }),
  onStatistic('mean', 'duration', { comparison: '>', threshold: 0.03, backoff: 50 }),
  onStatistic('iqr', 'pending', { group: 1, comparison: '!=', threshold: 0 }),
  onStatistic('mad', 'pending', { group: 2 }),
  rule({ trigger: 'heartbeat' }),
];

/** Groups of a recording, in the order in which it names them. */
function groupsOf(text: string): string[] {
  const records = text.split('\n').map(readRecord);
  return [...new Set(records.map((record) => groupOf(record?.jobspec ?? null, '') ?? ''))].filter(
    (name) => name !== '',
  );
}

const native = async (text: string, parts: Partial<Case['plan']>) =>
  new Map((await runNative(aCase(text, { groups: [], rules: [], trackAll: true, ...parts }))).metrics);

describe('recordings of a real Flux', () => {
  for (const name of recordings) {
    const text = recording(name);
    const groups = groupsOf(text);
    // Without ticks: the ages of many waiting jobs are added in an undefined order.
    const steps: Step[] = [{ do: 'finishStream' }];

    test(`${name}: every group without rules`, async () => {
      const one = aCase(text, { groups: [], rules: [], trackAll: true }, steps);
      expectSame(await runNative(one, [65_536]), runReference(one));
    });

    test(`${name}: the first three groups with rules`, async () => {
      const plan = { groups: [...groups.slice(0, 3), 'x', 'y', 'z'].slice(0, 3), rules };
      const one = aCase(text, plan, steps);
      expectSame(await runNative(one, [4099, 1, 333]), runReference(one));
    });

    if (text.length > 1_000_000) continue;
    test(`${name}: all rules, some of the bytes one by one`, async () => {
      const one = aCase(text, { groups, rules: allRules(groups.length) }, steps);
      expectSame(await runNative(one, [1, 1, 5, 7001]), runReference(one));
    });
  }
});

describe('the counts equal the final results that Flux reported', () => {
  const results = fluxResults();

  /** The recording with every job in a group of its own, which has the job's id as its name. */
  function oneGroupAJob(text: string): string {
    // Split by hand: a regular expression takes the unescaped U+2028 in b_failures for the end of a line.
    const lines = text.split('\n').map((line) => {
      const record = line.includes('"jobspec":') ? JSON.parse(line) : null;
      if (!isObject(record?.jobspec?.attributes)) return line;
      record.jobspec.attributes.user = { group: `${record.id}` };
      return JSON.stringify(record);
    });
    return lines.join('\n');
  }

  const wordOf = ({ count }: GroupMetrics) => {
    if (count.success === 1 && count.failed + count.canceled + count.timeout === 0) return 'COMPLETED';
    if (count.canceled === 1 && count.failed + count.success + count.timeout === 0) return 'CANCELED';
    if (count.timeout === 1 && count.failed === 1 && count.success + count.canceled === 0) return 'TIMEOUT';
    if (count.failed === 1 && count.success + count.canceled + count.timeout === 0) return 'FAILED';
    return count.success + count.failed + count.canceled + count.timeout === 0 ? 'none' : 'several';
  };

  for (const name of ['a_hello', 'b_failures', 'c_backlog_full', 'c_backlog_full_allow'] as const) {
    test(`${name}: job by job`, async () => {
      const said: [string, string][] = [];
      const expected: [string, string][] = [];
      const text = recording(name);
      const records = text.split('\n').map(readRecord);
      const over = new Set(
        records.filter((one) => one?.events.some((event) => event.name === 'clean')).map((one) => one?.id),
      );
      for (const [id, metrics] of await native(oneGroupAJob(text), {})) {
        said.push([id, wordOf(metrics)]);
        // An allow filter of submit, start, finish and clean leaves no exception. All other results then
        // count as failures.
        const result = over.has(BigInt(id)) ? (results.get(BigInt(id)) ?? 'none') : 'none';
        const blind = name === 'c_backlog_full_allow' && result !== 'COMPLETED' && result !== 'none';
        expected.push([id, blind ? 'FAILED' : result]);
      }
      expect(expected.filter(([, result]) => result === 'none').length).toBeLessThanOrEqual(2);
      expect(said.length).toBeGreaterThanOrEqual(10);
      expect(said).toEqual(expected);
      if (name.startsWith('c_'))
        expect(new Set(expected.map(([id]) => BigInt(id)))).toEqual(new Set(results.keys()));
    });
  }

  test('b_failures: group by group', async () => {
    const expected = new Map<string, Record<string, number>>();
    const records = recording('b_failures').trimEnd().split('\n').map(readRecord);
    const refused = new Set(
      records.filter((one) => one?.events.some(({ name }) => name === 'invalidate')).map((one) => one?.id),
    );
    expect(refused.size).toBe(1);
    for (const record of records) {
      const group = groupOf(record?.jobspec ?? null, '');
      const result = results.get(record?.id ?? -1n);
      if (record === null || group === null) continue;
      const count = expected.get(group) ?? { submitted: 0, success: 0, failed: 0, canceled: 0, timeout: 0 };
      expected.set(group, count);
      const add = (key: string) => {
        count[key] = (count[key] ?? 0) + 1;
      };
      if (!refused.has(record.id)) add('submitted');
      if (result === 'COMPLETED') add('success');
      if (result === 'FAILED' || result === 'TIMEOUT') add('failed');
      if (result === 'CANCELED') add('canceled');
      if (result === 'TIMEOUT') add('timeout');
    }
    expect(expected.size).toBeGreaterThan(15);
    const metrics = await native(recording('b_failures'), {});
    const found = [...metrics].map(([name, { count }]) => {
      const { submitted, success, failed, canceled, timeout } = count;
      return [name, { submitted, success, failed, canceled, timeout }];
    });
    expect(new Map(found as [string, Record<string, number>][])).toEqual(expected);
  });

  test('d_mock2000 has the same counts live and as a backlog, and 2,000 jobs', async () => {
    const countsOf = async (name: 'd_mock2000' | 'd_mock2000_backlog') =>
      [...(await native(recording(name), {}))]
        .map(([group, { count, duration, pending }]) => ({
          group,
          ...count,
          durations: duration.count,
          waits: pending.count,
        }))
        .sort((a, b) => (a.group < b.group ? -1 : 1));
    const live = await countsOf('d_mock2000');
    expect(await countsOf('d_mock2000_backlog')).toEqual(live);
    expect(live.map(({ group }) => group)).toHaveLength(4);
    expect(live.reduce((sum, { submitted }) => sum + submitted, 0)).toBe(2000);
    expect(live.reduce((sum, { finished }) => sum + finished, 0)).toBe(2000);
    for (const one of live) {
      expect(one).toMatchObject({
        pending: 0,
        running: 0,
        finished: one.submitted,
        durations: one.submitted,
      });
      expect(one.group === 'delta' ? one.failed : one.success).toBe(one.submitted);
    }
  });

  test('the fixtures are the recordings that their names say', () => {
    for (const name of recordings) {
      const records = recording(name).trimEnd().split('\n').map(readRecord);
      expect(records.every((record) => record !== null && isObject(record))).toBe(true);
      expect(records.filter((record) => record?.id === -1n)).toHaveLength(1);
    }
  });
});
