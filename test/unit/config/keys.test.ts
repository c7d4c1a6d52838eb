import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { diagnose } from '../../support/config.js';

const terminate = { name: 'terminate' };
const start = { trigger: 'start', action: terminate };

/** The messages about one more key of a job, a rule, an action or the whole file. */
const said = {
  job: (key: string) => diagnose({ jobs: [{ name: 'a', command: 'x', [key]: 1 }], rules: [start] }),
  rule: (key: string) => diagnose({ jobs: [], rules: [{ ...start, [key]: 1 }] }),
  action: (key: string) => diagnose({ jobs: [], rules: [{ ...start, action: { ...terminate, [key]: 1 } }] }),
  file: (key: string) => diagnose({ jobs: [], rules: [start], [key]: 1 }),
};

describe('a key of another tool leads to the key of this one', () => {
  test.each([
    ['job', 'walltime', "use 'duration'"],
    ['job', 'time_limit', "use 'duration'"],
    ['job', 'time', "use 'duration'"],
    ['job', 'timeout', "use 'duration'"],
    ['job', 'memory', "memory can't be requested"],
    ['job', 'mem', "memory can't be requested"],
    ['job', 'node', "use 'nodes'"],
    ['job', 'ntasks', "use 'tasks'"],
    ['job', 'cpus', "use 'cores'"],
    ['job', 'cpus-per-task', "use 'cores'"],
    ['job', 'gpu', "use 'gpus'"],
    ['job', 'cwd', "use 'workdir'"],
    ['job', 'workDir', "use 'workdir'"],
    ['job', 'env', "use 'environment'"],
    ['job', 'script', "use 'command'"],
    ['job', 'stdout', "use 'output'"],
    ['job', 'stderr', "use 'error'"],
    ['job', 'partition', "it belongs inside 'slurm'"],
    ['job', 'account', "it belongs inside 'slurm'"],
    ['job', 'allocation', "use 'bank'"],
    ['job', 'priority', "use 'urgency'"],
    ['job', 'dependsOn', 'the trigger job-success'],
    ['job', 'matrix', "use 'parameters'"],
    ['job', 'if', 'a rule that submits them'],
    ['job', 'times', "it belongs inside 'retry'"],
    ['job', 'description', "a key like 'x-note'"],
    ['rule', 'on', "use 'trigger'"],
    ['rule', 'if', "use 'when'"],
    ['rule', 'then', "use 'action'"],
    ['rule', 'every', "use 'interval'"],
    ['rule', 'repetitions', "it belongs inside 'action'"],
    ['rule', 'label', "it belongs inside 'action'"],
    ['action', 'group', "use 'label'"],
    ['action', 'count', "use 'value'"],
    ['action', 'times', "use 'repetitions'"],
    ['action', 'cooldown', "it belongs next to 'action'"],
    ['file', 'heartbeat', "it belongs inside 'logging'"],
    ['file', 'functions', "use 'custom'"],
  ] as const)('in a %s: %s', (kind, key, hint) => {
    const [only, ...more] = said[kind](key);
    expect(more).toEqual([]);
    expect(only?.message.startsWith(`unknown key '${key}'; `)).toBe(true);
    expect(only?.message).toContain(hint);
  });

  test('and the missing key is not reported again', () => {
    const found = diagnose({
      jobs: [{ name: 'a', cmd: 'x' }],
      rules: [{ on: 'start', do: terminate }],
    });
    expect(found.map(({ message }) => message)).toEqual([
      "unknown key 'cmd'; use 'command'",
      "unknown key 'on'; use 'trigger'",
      "unknown key 'do'; use 'action'",
    ]);
  });

  test('another unknown key is shown with the allowed ones', () => {
    expect(said.rule('frobnicate')[0]?.message).toMatch(
      /^unknown key 'frobnicate' \(the keys here are trigger, /,
    );
  });
});

describe('keys that begin with x-', () => {
  test('are ignored in every mapping with fixed keys', () => {
    const text = `x-base: &base {nodes: 2, x-inner: [1]}
logging: {x-a: 1}
jobs:
  - {<<: *base, name: a, command: 'x {{p}}', x-b: {c: d}, retry: {times: 1, x-d: 2}, parameters: {p: {from: 1, to: 2, step: 1, x-e: 1}}}
rules:
  - {x-f: 1, trigger: start, action: {x-g: 1, name: submit, label: a}}
use:
  - {x-h: 1, algorithm: replace-failures, with: {group: a, budget: 1}}
tests:
  - {x-i: 1, name: t, jobs: {a: {x-j: 1}}, expect: {x-k: 1}}
`;
    const { config, warnings } = parseConfig(text);
    expect(warnings).toEqual([]);
    expect(config.rules.length).toBeGreaterThan(1);
    expect(config.groups.get('a')?.entries.map(({ nodes }) => nodes)).toEqual([2, 2]);
  });

  test('are names in mappings of names', () => {
    const job = { name: 'a', command: 'x {{x-p}}', environment: { 'x-e': '1' }, parameters: { 'x-p': 3 } };
    const { config } = parseConfig(JSON.stringify({ jobs: [job], rules: [start] }));
    expect(config.groups.get('a')?.entries[0]).toMatchObject({
      command: ['x', '3'],
      environment: { 'x-e': '1' },
    });
  });
});
