/** Causes are found where they were planted in made-up runs, and nowhere else. */

import { describe, expect, test } from 'vitest';
import { blame } from '../../../src/store/blame/blame.js';
import { selectJobs } from '../../../src/store/jobs/query.js';
import { JobTable } from '../../../src/store/jobs/table.js';
import { type JobFacts, jobColumns } from '../../support/job-columns.js';
import { cleanRun, type MadeRun, madeRun } from '../../support/made-runs.js';

test('nothing is found in 100 runs without a cause', () => {
  const found = Array.from({ length: 100 }, (_, seed) => blame(cleanRun(seed)).findings).flat();
  expect(found).toEqual([]);
});

interface Planted extends Omit<MadeRun, 'seed'> {
  readonly name: string;
  /** The cause of each finding: the beginning of its expression, which has no threshold of a continuous parameter. */
  readonly causes: readonly string[];
}

const bcc: MadeRun['plantedRate'] = ({ parameters: { kind } }) => (kind === 'bcc' ? 0.8 : undefined);
const hot: MadeRun['plantedRate'] = ({ parameters: { T = 0 } }) => (Number(T) >= 450 ? 0.7 : undefined);

const PLANTED: readonly Planted[] = [
  { name: 'a value', jobs: 100, plantedRate: bcc, causes: ['parameters.kind == "bcc"'] },
  {
    name: 'a value in a sweep',
    jobs: 300,
    order: 'sweep',
    plantedRate: bcc,
    causes: ['parameters.kind == "bcc"'],
  },
  {
    name: 'a value, with retries',
    jobs: 200,
    retries: 2,
    plantedRate: bcc,
    causes: ['parameters.kind == "bcc"'],
  },
  {
    name: 'a value, with many failures',
    jobs: 500,
    rate: 0.3,
    plantedRate: bcc,
    causes: ['parameters.kind == "bcc"'],
  },
  {
    name: 'a number',
    jobs: 200,
    plantedRate: ({ parameters: { T } }) => (T === 400 ? 0.6 : undefined),
    causes: ['parameters.T == 400'],
  },
  { name: 'a threshold', jobs: 120, plantedRate: hot, causes: ['parameters.T >= 450'] },
  {
    name: 'a threshold in a sweep',
    jobs: 1000,
    order: 'sweep',
    plantedRate: hot,
    causes: ['parameters.T >= 450'],
  },
  {
    name: 'a threshold below',
    jobs: 200,
    plantedRate: ({ parameters: { T = 0 } }) => (Number(T) < 400 ? 0.5 : undefined),
    causes: ['parameters.T < 400'],
  },
  {
    name: 'a threshold of a continuous parameter',
    jobs: 400,
    plantedRate: ({ parameters: { x = 0 } }) => (Number(x) >= 0.7 ? 0.6 : undefined),
    causes: ['parameters.x >= 0.'],
  },
  {
    name: 'an interval',
    jobs: 400,
    plantedRate: ({ parameters: { x = 0 } }) => (Number(x) >= 0.4 && Number(x) < 0.5 ? 0.8 : undefined),
    causes: ['parameters.x >= 0.'],
  },
  {
    name: 'an entry',
    jobs: 300,
    groups: 2,
    entries: 4,
    plantedRate: ({ group, entry }) => (group === 'group1' && entry === 2 ? 0.7 : undefined),
    causes: ['group == "group1" and entry == 2'],
  },
  {
    name: 'a group',
    jobs: 300,
    groups: 3,
    plantedRate: ({ group }) => (group === 'group1' ? 0.4 : undefined),
    causes: ['group == "group1"'],
  },
  {
    name: 'the time of the end',
    jobs: 400,
    order: 'random',
    plantedRate: ({ finish }) => (finish >= 60 && finish < 90 ? 0.9 : undefined),
    causes: ['finish >= '],
  },
  {
    name: 'the time of the start, with early failures',
    jobs: 400,
    failAfter: 0.02,
    plantedRate: ({ start }) => (start >= 60 && start < 90 ? 0.9 : undefined),
    causes: ['start >= '],
  },
  {
    name: 'slowness of a value',
    jobs: 200,
    plantedSlowness: ({ parameters: { kind } }) => (kind === 'hcp' ? 1.5 : 1),
    causes: ['parameters.kind == "hcp"'],
  },
  {
    name: 'slowness of a value in groups of different lengths',
    jobs: 400,
    groups: 3,
    plantedSlowness: ({ parameters: { kind } }) => (kind === 'hcp' ? 1.4 : 1),
    causes: ['parameters.kind == "hcp"'],
  },
  {
    name: 'slowness above a threshold',
    jobs: 300,
    spread: 'exponential',
    plantedSlowness: ({ parameters: { T = 0 } }) => (Number(T) >= 450 ? 3 : 1),
    causes: ['parameters.T >= 450'],
  },
  {
    name: 'slowness for some time',
    jobs: 400,
    plantedSlowness: ({ start }) => (start >= 60 && start < 100 ? 2 : 1),
    causes: ['start >= '],
  },
  {
    name: 'failures on a host',
    jobs: 400,
    hosts: 8,
    plantedRate: ({ host }) => (host === 'node3' ? 0.7 : undefined),
    causes: ['hosts == "node3"'],
  },
  {
    name: 'slowness of a host',
    jobs: 400,
    hosts: 8,
    plantedSlowness: ({ host }) => (host === 'node5' ? 1.6 : 1),
    causes: ['hosts == "node5"'],
  },
  {
    name: 'two causes of failures',
    jobs: 600,
    plantedRate: ({ parameters: { kind, T } }) => (kind === 'bcc' ? 0.9 : T === 300 ? 0.6 : undefined),
    causes: ['parameters.kind == "bcc"', 'parameters.T == 300'],
  },
  {
    name: 'failures and slowness',
    jobs: 300,
    plantedRate: bcc,
    plantedSlowness: ({ parameters: { T } }) => (T === 350 ? 2 : 1),
    causes: ['parameters.kind == "bcc"', 'parameters.T == 350'],
  },
];

describe('a planted cause is found', () => {
  test.each(PLANTED)('$name', ({ causes, ...options }) => {
    const table = madeRun({ seed: 7, ...options });
    const { findings } = blame(table);
    // The number of a job is also a time, because jobs start one after the other.
    const named = findings.map(({ cause, also }) =>
      cause.column === 'parameters.seed' && also !== null ? also.where : cause.where,
    );
    expect(named).toEqual(causes.map((cause) => expect.stringMatching(startOf(cause))));
    for (const finding of findings) {
      const selected = selectJobs(table, finding.query ?? {});
      expect(selected).toHaveLength(finding.effect === 'failures' ? finding.failed : finding.jobs);
    }
  });

  function startOf(cause: string): RegExp {
    return new RegExp(`^${cause.replace(/[.()]/g, '\\$&')}`);
  }
});

describe('a run', () => {
  const places = { nodes: null, tasks: null, output: null, error: null };
  const tableOf = (jobs: readonly JobFacts[]) =>
    new JobTable({
      jobs: jobColumns(jobs),
      titleOf: () => null,
      variablesOf: () => [],
      textsOf: () => [],
      place: () => places,
    });
  /** 40 jobs; those with kind `a` have these facts, the others completed. */
  const half = (facts: JobFacts, more: JobFacts = {}) =>
    tableOf(
      Array.from({ length: 40 }, (_, i) => ({
        parameters: JSON.stringify({ kind: i % 2 === 0 ? 'a' : 'b' }),
        ...more,
        ...(i % 2 === 0 ? facts : { result: 'completed', status: 0 }),
      })),
    );

  test('has the reasons that failed jobs share', () => {
    const [finding] = blame(half({ result: 'failed', status: 3 << 8 })).findings;
    expect(finding).toMatchObject({
      effect: 'failures',
      jobs: 20,
      failed: 20,
      others: 20,
      otherFailed: 0,
      also: null,
      reasons: [{ exit: 3, exception: null, jobs: 20 }],
    });
    const [timeout] = blame(half({ result: 'timeout', status: 15, exception: 'timeout' })).findings;
    expect(timeout).toMatchObject({ reasons: [{ exit: null, exception: 'timeout', jobs: 20 }] });
  });

  test.each(['canceled', 'refused', 'active', 'lost', 'unknown'] as const)('leaves out %s jobs', (result) => {
    const found = blame(half({ result }));
    expect(found).toMatchObject({ findings: [], jobs: 20, failed: 0 });
    expect(found.unknown).toBe(result === 'active' || result === 'lost' ? 20 : 0);
  });

  test('is compared without refused jobs', () => {
    const failed = { result: 'failed' as const, status: 256 };
    const refused = { result: 'refused' as const, parameters: '{"kind":"a"}' };
    const all = Array.from({ length: 40 }, (_, i): JobFacts => {
      if (i < 4) return refused;
      const done = { result: 'completed' as const, status: 0 };
      return { parameters: `{"kind":"${i < 20 ? 'a' : 'b'}"}`, ...(i < 20 ? failed : done) };
    });
    const table = tableOf(all);
    const [finding] = blame(table).findings;
    expect(finding).toMatchObject({ jobs: 16, failed: 16 });
    expect(selectJobs(table, finding?.query ?? {})).toHaveLength(16);
  });

  test('counts a job that was submitted again once, by its last attempt', () => {
    const attempts = (kind: string, index: number, last: JobFacts): JobFacts[] =>
      [0, 1].map((attempt) => ({
        ...{ attempt, index, rule: 0, firing: 1, parameters: `{"kind":"${kind}"}` },
        ...(attempt === 0 ? { result: 'failed', status: 256 } : last),
      }));
    const done: JobFacts = { result: 'completed', status: 0 };
    const bad: JobFacts = { result: 'failed', status: 256 };
    const jobs = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0 ? attempts('a', i, bad) : attempts('b', i, done),
    ).flat();
    expect(blame(tableOf(jobs.reverse()))).toMatchObject({
      jobs: 40,
      failed: 20,
      findings: [{ failed: 20 }],
    });
  });

  test('is compared by each host of jobs with several ones', () => {
    const hostlist = (i: number) => {
      const [one, two] = [i % 8, (i + 1 + (Math.floor(i / 8) % 7)) % 8].sort();
      return `node[${one},${two}]`;
    };
    const jobs = Array.from({ length: 400 }, (_, i): JobFacts => {
      const hosts = hostlist(i);
      const isBad = /3/.test(hosts);
      const ended =
        i % 5 > 0 && isBad ? { result: 'failed', status: 256 } : { result: 'completed', status: 0 };
      return { hosts, start: i, finish: i + (isBad ? 20 : 10) + (i % 3), ...ended } as JobFacts;
    });
    const failed = jobs.filter(({ result }) => result === 'failed').length;
    const table = tableOf(jobs);
    const { findings } = blame(table);
    const host = { column: 'hosts', value: 'node3', where: expect.stringMatching(/^\(hosts == "node\[/) };
    expect(findings).toMatchObject([
      { effect: 'failures', cause: host, jobs: 100, failed, others: 300, otherFailed: 0 },
      { effect: 'slowness', cause: host, jobs: 100 - failed, others: 300 },
    ]);
    expect(selectJobs(table, findings[0]?.query ?? {})).toHaveLength(failed);
  });

  test('counts jobs of two submissions of a firing as different jobs', () => {
    const jobs = Array.from({ length: 40 }, (_, i): JobFacts => {
      const place = { rule: 0, firing: 1, part: i % 2, index: i >> 1 };
      return { ...place, attempt: 1, result: 'completed', status: 0 };
    });
    expect(blame(tableOf(jobs))).toMatchObject({ jobs: 40, failed: 0 });
  });

  test('that goes on has no finding from jobs that are the first to end', () => {
    // All jobs start one after the other, and those that fail end early.
    const jobs = Array.from({ length: 200 }, (_, i): JobFacts => {
      const fails = i % 5 === 0;
      const finish = i + (fails ? 1 : 100);
      if (finish > 200) return { start: i };
      return { start: i, finish, result: fails ? 'failed' : 'completed' };
    });
    expect(blame(tableOf(jobs))).toMatchObject({ findings: [], unknown: 80 });
  });

  test('has no finding from the late start of jobs that were submitted again', () => {
    const jobs = Array.from({ length: 200 }, (_, index): JobFacts[] => {
      const place = { index, rule: 0, firing: 1 };
      const first = { ...place, start: index, finish: index + 5 };
      if (index % 5 > 0) return [{ ...first, result: 'completed' }];
      const again = { ...place, attempt: 1, start: 300 + index, finish: 305 + index };
      return [
        { ...first, result: 'failed' },
        { ...again, result: index % 2 === 0 ? 'failed' : 'completed' },
      ];
    }).flat();
    expect(blame(tableOf(jobs))).toMatchObject({ findings: [], jobs: 200, failed: 20 });
  });

  test('has both names of a cause that the jobs do not distinguish', () => {
    const found = blame(half({ result: 'failed', status: 256, group: 'one' }, { group: 'two' })).findings;
    expect(found).toMatchObject([
      { cause: { where: 'parameters.kind == "a"' }, also: { where: 'group == "one"' } },
    ]);
  });

  test('is not explained by an entry where a parameter of its sweep explains the same jobs', () => {
    const jobs = Array.from({ length: 60 }, (_, i): JobFacts => {
      const entry = i % 3;
      return { entry, result: entry === 1 ? 'failed' : 'completed', parameters: `{"T":${300 + entry}}` };
    });
    const found = blame(tableOf(jobs)).findings;
    expect(found).toMatchObject([{ cause: { where: 'parameters.T == 301' }, also: null }]);
  });

  test.each([
    ["it's", 'parameters.`a b` == "it\'s"'],
    ['a "b"', 'parameters.`a b` == \'a "b"\''],
    ['\'a\' "b"', null],
    ['a\nb', null],
  ])('has an expression for the text %j, if there is one', (text, where) => {
    const jobs = Array.from({ length: 40 }, (_, i): JobFacts => {
      const result = i < 20 ? 'failed' : 'completed';
      return { result, parameters: JSON.stringify({ 'a b': i < 20 ? text : `other ${i}` }) };
    });
    const table = tableOf(jobs);
    const [finding] = blame(table).findings;
    expect(finding?.cause.value).toBe(text);
    expect(finding?.query === null).toBe(where === null);
    if (finding?.query) expect(selectJobs(table, finding.query)).toHaveLength(20);
  });

  test('has no finding where too few jobs differ, or by too little', () => {
    expect(blame(tableOf([])).findings).toEqual([]);
    const few = [...Array(8).keys()].map(
      (i): JobFacts => ({
        result: i < 4 ? 'failed' : 'completed',
        parameters: `{"k":${i < 4 ? 1 : 2}}`,
      }),
    );
    expect(blame(tableOf(few)).findings).toEqual([]);
    // 60 % and 40 % of many jobs.
    const many = [...Array(4000).keys()].map(
      (i): JobFacts => ({
        result: i % 10 < (i < 2000 ? 6 : 4) ? 'failed' : 'completed',
        parameters: `{"k":${i < 2000 ? 1 : 2}}`,
      }),
    );
    expect(blame(tableOf(many)).findings).toEqual([]);
  });
});
