import { describe, expect, test } from 'vitest';
import { good, runChild } from './child.js';

async function garbage(part: string): Promise<Record<string, number>> {
  const ending = await runChild('garbage', [part]);
  expect(ending).toMatchObject(good);
  const [{ calls, thrown }] = ending.said as [{ calls: number; thrown: Record<string, number> }];
  expect(calls).toBeGreaterThan(100);
  return thrown;
}

const kinds = (thrown: Record<string, number>) => [
  ...new Set(Object.keys(thrown).map((key) => key.split(' ').at(-1))),
];

describe('invalid arguments throw or are refused', () => {
  test('in the methods of an open engine', async () => {
    const thrown = await garbage('open');
    expect(kinds(thrown).toSorted()).toEqual(['ERR_ENGINE', 'TypeError']);
    for (const name of ['start', 'ingest', 'tick', 'addRule', 'snapshot', 'activeJobs', 'gatherEvents']) {
      expect(thrown[`${name} ERR_ENGINE`], name).toBeGreaterThan(1000);
    }
  });

  test('in the methods of a closed engine', async () => {
    const thrown = await garbage('closed');
    for (const name of ['finishStream', 'end', 'status', 'take', 'takeEvents', 'gatherEvents']) {
      expect(thrown[`${name} ERR_CLOSED`], name).toBeGreaterThan(0);
    }
    expect(Object.keys(thrown).filter((key) => key.startsWith('close '))).toEqual([]);
  });

  test('in place of the engine', async () => {
    expect(kinds(await garbage('receivers'))).toEqual(['TypeError']);
  });

  test('in the constructors', async () => {
    const thrown = await garbage('constructors');
    expect(kinds(thrown).toSorted()).toEqual(['ERR_ENGINE', 'TypeError']);
    expect(thrown['Engine ERR_ENGINE']).toBeGreaterThan(1000);
  });

  test('in plans and rules', async () => {
    const thrown = await garbage('plans');
    expect(kinds(thrown).toSorted()).toEqual(['ERR_ENGINE', 'TypeError']);
    for (const key of [
      'groups',
      'remembered',
      'trackAll',
      'ensemble',
      'heartbeat',
      'virtualTime',
      'sketches',
      'probes',
      'rules',
    ]) {
      expect(thrown[`plan.${key} ERR_ENGINE`], key).toBeGreaterThan(20);
    }
    for (const key of ['group', 'count', 'statistic', 'variable', 'quantile', 'window', 'probe']) {
      expect(thrown[`metric.${key} ERR_ENGINE`], key).toBeGreaterThan(20);
    }
    for (let at = 0; at < 5; at++) expect(thrown[`probed.${at} ERR_ENGINE`], `${at}`).toBeGreaterThan(20);
    expect(thrown['addRule.metrics ERR_ENGINE']).toBeGreaterThan(20);
    for (const key of ['when.op', 'when.value', 'when.step', 'timing.for', 'states.in', 'states.goto']) {
      expect(thrown[`${key} ERR_ENGINE`], key).toBeGreaterThan(20);
    }
    for (const key of [
      'trigger',
      'group',
      'when',
      'repetitions',
      'backoff',
      'terminal',
      'wantsEvent',
      'probing',
    ]) {
      expect(thrown[`rule.${key} ERR_ENGINE`], key).toBeGreaterThan(20);
    }
  });

  test('in the methods of a summary', async () => {
    expect(kinds(await garbage('summary')).toSorted()).toEqual(['RangeError', 'TypeError']);
  });
});
