import { describe, expect, test } from 'vitest';
import { configFromObject } from '../../../src/config/load.js';
import { diagnose } from '../../support/config.js';

const file = (slurm: unknown, more: object = {}) => ({
  jobs: [{ name: 'a', command: 'x', slurm, ...more }],
  rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
});

describe('slurm of a job', () => {
  test('has texts, with tags of parameters', () => {
    const given = { partition: '{{p}}', qos: 'high', options: ['--mem={{m}}G', '-x', '--job-name=n'] };
    const parameters = { p: ['one', 'two'], m: 4 };
    const { config } = configFromObject(file(given, { parameters }));
    expect(config.groups.get('a')?.entries.map(({ slurm }) => slurm)).toEqual(
      ['one', 'two'].map((partition) => ({
        ...{ partition, account: null, qos: 'high', constraint: null },
        options: ['--mem=4G', '-x', '--job-name=n'],
      })),
    );
    expect(configFromObject(file(null)).config.groups.get('a')?.entries[0]?.slurm).toBe(null);
  });

  test.each([
    ['--time=5', 'write duration in the job entry'],
    ['-t 5', 'write duration in the job entry'],
    ['--array=0-3', 'write count in the job entry'],
    ['--comment=x', "can't be given, because the Slurm member sets it"],
    ['mem=4G', 'must be an option with its value, like --mem=4G'],
    ['--', 'must be an option with its value, like --mem=4G'],
  ])('refuses the option %s', (option, message) => {
    const [only, ...more] = diagnose(file({ options: ['--mem=4G', option] }));
    expect(more).toEqual([]);
    expect(only?.message).toContain(message);
    expect(only?.path).toBe('jobs[0].slurm.options[1]');
  });

  test('refuses unknown keys and values of other types', () => {
    expect(diagnose(file({ partitions: 'a' }))[0]?.message).toContain("did you mean 'partition'");
    expect(diagnose(file({ options: '--mem=4G' }))[0]?.message).toContain('must be a list of options');
    expect(diagnose(file({ partition: '{{nothing}}' }))[0]?.message).toContain('nothing');
  });
});
