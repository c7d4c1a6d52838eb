import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Ensemble, type EnsembleInput } from '../../../src/index.js';
import { root } from '../../support/cli.js';
import { describeConfig, InstantMember, Log, meanDuration } from './own-member.js';

const file: EnsembleInput = {
  jobs: [
    { name: 'a', command: 'true', count: 3, retry: { times: 1, backoff: { initial: '0s' } } },
    { name: 'b', command: 'true', count: 2 },
  ],
  rules: [
    { trigger: 'start', action: { name: 'submit', label: 'a' } },
    { trigger: 'metric', name: 'count.a.success', when: '>= 3', action: { name: 'submit', label: 'b' } },
  ],
};

test('the members, observers and readers of other programs import from the entry of the package only', () => {
  const text = readFileSync(join(root, 'test/unit/api/own-member.ts'), 'utf8');
  expect([...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from)).toEqual(['../../../src/index.js']);
});

test('a run on a member of its own reports to an observer', async () => {
  const member = new InstantMember();
  const log = new Log();
  await using ensemble = Ensemble.fromObject(file, { member, observer: log, sketches: true });
  const result = await ensemble.run();
  expect(result).toMatchObject({ end: 'idle', failedJobs: 1 });
  expect(ensemble.memberName).toBe('instant');
  expect(member).toMatchObject({ ended: 'done', host: { events: [], wantsRecords: false } });
  expect(result.metrics.groups.get('a')?.count).toMatchObject({ submitted: 4, success: 3, retried: 1 });
  expect(meanDuration(result.metrics, 'a')).toBe(1);
  // The member is asked about failures meanwhile.
  const isFailure = (line: string) => line.startsWith('failure');
  expect(log.lines.filter(isFailure)).toEqual([
    'failure a: exit status 3: job 3 was the third',
    'failure b: exit status 3: job 6 was the third',
  ]);
  expect(log.lines.filter((line) => !isFailure(line))).toEqual([
    'firing start',
    'submit 3 a',
    'retry a 1 null',
    'firing count.a.success',
    'submit 2 b',
  ]);
});

test('a configuration can be described by its public types', () => {
  expect(describeConfig(Ensemble.fromObject(file).config)).toEqual([
    'always: submit a',
    'count 3 at least: submit b',
    'a: 1 retries',
  ]);
});
