import { describe, expect, test } from 'vitest';
import { pathsOf, read, single, withJob } from '../../support/config.js';

const retryOf = (retry: unknown) => read(withJob({ retry })).config.groups.get('a')?.retry;
const never = 1e9;

describe('retry', () => {
  test('is a number of times, or a mapping', () => {
    expect(retryOf(null)).toBeNull();
    expect(retryOf(2)).toEqual({
      times: 2,
      backoff: { initial: 0, factor: 1, longest: never },
      outcomes: ['failed', 'timeout'],
      exceptions: [],
      parameters: {},
    });
    expect(retryOf({ times: 1, backoff: '10s', on: 'failed' })).toMatchObject({
      backoff: { initial: 10, factor: 1 },
      outcomes: ['failed'],
    });
    expect(
      retryOf({ times: 1, backoff: { initial: '1m', max: '1h' }, on: ['canceled', { exception: 'oom' }] }),
    ).toEqual({
      times: 1,
      backoff: { initial: 60, factor: 2, longest: 3600 },
      outcomes: ['canceled'],
      exceptions: ['oom'],
      parameters: {},
    });
  });

  test('is the same for all entries of a group', () => {
    const jobs = (first: unknown, second: unknown) => ({
      jobs: [
        { name: 'a', command: 'x', retry: first },
        { name: 'a', command: 'y', retry: second },
      ],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
    });
    expect(pathsOf(jobs(1, undefined))).toEqual([]);
    expect(pathsOf(jobs(undefined, 1))).toEqual([]);
    expect(pathsOf(jobs(1, { times: 1 }))).toEqual([]);
    expect(single(jobs(1, 2))).toContain('jobs[1].retry another entry has a different retry');
    expect(read(jobs(undefined, 1)).config.groups.get('a')?.retry?.times).toBe(1);
  });

  test.each([
    [-1, 'jobs[0].retry'],
    [{}, "'times' is missing"],
    [{ times: 1, backof: 1 }, "did you mean 'backoff'?"],
    [{ times: 1, backoff: '10 parsecs' }, 'jobs[0].retry.backoff'],
    [{ times: 1, backoff: { initial: 1, factor: 0.5 } }, 'must be a number, 1 or more'],
    [{ times: 1, on: 'faild' }, 'must be failed, timeout, canceled or {exception: TYPE}'],
    [{ times: 1, on: [] }, 'jobs[0].retry.on'],
    [{ times: 1, on: [{ exception: '' }] }, 'jobs[0].retry.on[0]'],
  ])('is refused: %j', (retry, message) => {
    expect(single(withJob({ retry }))).toContain(message);
  });
});

describe('parameters of a retry', () => {
  const of = (parameters: object) =>
    withJob({ parameters: { memory: [8, 16], mesh: 'coarse' }, retry: { times: 1, parameters } });

  test('are kept as they are written', () => {
    const parameters = { memory: 'max(memory * 2, 4 + attempt) - 1', mesh: '"fine"' };
    expect(read(of(parameters)).config.groups.get('a')?.retry?.parameters).toEqual(parameters);
    expect(read(of({ memory: 64, mesh: 'mesh' })).warnings).toEqual([]);
  });

  test.each([
    [{ memry: 'memory * 2' }, "memry the group 'a' has no parameter 'memry'; did you mean 'memory'?"],
    [{ memory: 'memry * 2' }, "memory unknown parameter 'memry'; did you mean 'memory'?"],
    [{ memory: 'mesh * 2' }, 'memory this is a text; a number is expected'],
    [{ memory: 'memory >' }, 'memory the condition ends where'],
    [{ memory: 'memory > 3' }, "memory '>' has no meaning here"],
    [{ memory: 'mean(memory, 2)' }, "memory unknown function 'mean'"],
    [{ memory: 'ceil(memory, 2)' }, "memory 'ceil' takes one number"],
    [{ mesh: 'fine' }, "mesh unknown parameter 'fine'"],
    [{ mesh: [1] }, 'mesh must be an expression'],
  ])('are refused: %j', (parameters, message) => {
    expect(single(of(parameters))).toContain(`jobs[0].retry.parameters.${message}`);
  });
});
