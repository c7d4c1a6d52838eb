import { expect, test } from 'vitest';
import { configFromObject } from '../../../src/config/load.js';
import { pilotNotice, pilotsOf, whyTooLarge } from '../../../src/members/pilots/settings.js';
import { diagnose } from '../../support/config.js';

const file = (slurm: unknown, job: object = {}) => ({
  member: { slurm },
  jobs: [{ name: 'a', command: 'x', ...job }],
  rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
});
const configOf = (slurm: unknown, job?: object) => configFromObject(file(slurm, job)).config;
const errorsOf = (slurm: unknown) =>
  diagnose(JSON.stringify(file(slurm))).map(({ path, message }) => `${path}: ${message}`);

test('pilots have a time, and one node by default', () => {
  const none = { partition: null, account: null, qos: null, constraint: null, options: [] };
  const least = { pilots: 4, nodes: 1, cores: null, time: 7200, idle: 120, slurm: none, broker: [] };
  expect(configOf({ pilots: 4, time: '2h' }).member.slurm).toEqual(least);
  expect(configOf(null).member.slurm).toBeNull();
  const all = {
    ...{ pilots: 4, nodes: 8, cores: 16, time: '2h', idle: '30s', partition: 'batch', account: 'chem' },
    ...{ qos: 'high', constraint: 'cpu', options: ['--mem=0'], broker: ['--conf=a.toml'] },
  };
  expect(configOf(all).member.slurm).toEqual({
    ...{ pilots: 4, nodes: 8, cores: 16, time: 7200, idle: 30, broker: ['--conf=a.toml'] },
    slurm: {
      partition: 'batch',
      account: 'chem',
      qos: 'high',
      constraint: 'cpu',
      options: ['--mem=0'],
    },
  });
});

const valid = { pilots: 1, time: '1h' };

test.each([
  [{ time: '1h' }, "member.slurm: 'pilots' is missing"],
  [{ pilots: 2 }, "member.slurm: 'time' is missing"],
  [{ pilots: 0, time: '1h' }, 'member.slurm.pilots: must be an integer from 1 to 8192'],
  [{ ...valid, time: '30s' }, 'member.slurm.time: must be 1m or longer'],
  [{ ...valid, idle: 0 }, 'member.slurm.idle: must be a duration above 0'],
  [
    { ...valid, options: ['--time=1h'] },
    "'--time=1h' can't be given, because the Slurm member sets it; write time",
  ],
  [
    { ...valid, options: ['-N8'] },
    "'-N8' can't be given, because the Slurm member sets it; write nodes beside it",
  ],
  [{ ...valid, options: ['--array=1-4'] }, "'--array=1-4' can't be given"],
  [{ ...valid, broker: ['sleep'] }, "member.slurm.broker[0]: 'sleep' can't be given"],
  [{ ...valid, node: 3 }, "member.slurm.node: unknown key 'node'; use 'nodes'"],
  [7, 'member.slurm: must be a mapping with pilots, nodes and time'],
])('%j is refused', (slurm, message) => {
  expect(errorsOf(slurm)).toEqual([expect.stringContaining(message)]);
});

test('a job that no pilot can run is refused with the sizes', () => {
  const reasonOf = (job: object, slurm: object = { ...valid, nodes: 2 }) => {
    const { groups, member } = configOf(slurm, job);
    const [entry] = groups.get('a')?.entries ?? [];
    if (entry === undefined || member.slurm === null) throw new Error('the file has no job');
    return whyTooLarge(entry, member.slurm);
  };
  expect(reasonOf({ nodes: 2, tasks: 2 })).toBeNull();
  expect(reasonOf({ nodes: 3, tasks: 3 })).toBe(
    'its jobs need 3 nodes, and a pilot has 2 (member.slurm.nodes)',
  );
  expect(reasonOf({ duration: '50m' })).toBeNull();
  expect(reasonOf({ duration: '55m' })).toBe(
    'its jobs may take 55m, and a pilot of 1h takes jobs of at most 50m (member.slurm.time)',
  );
  expect(reasonOf({ duration: '9m' }, { pilots: 1, time: '10m' })).toContain('at most 8m');
});

test('the notice says what runs', () => {
  const one = configOf({ pilots: 1, time: '90m', cores: 4 }).member.slurm;
  const four = pilotsOf(configOf({ pilots: 2, time: '2h', nodes: 8 }).member.slurm, 4);
  if (one === null || four === null) throw new Error('there are no pilots');
  expect(pilotNotice(one)).toBe(
    'One pilot runs the jobs: a Flux instance in Slurm, on 1 node with 4 cores for 90m.',
  );
  expect(pilotNotice(four)).toBe(
    'Up to 4 pilots run the jobs: Flux instances in Slurm, on 8 nodes for 2h each.',
  );
  expect(pilotsOf(null, 4)).toBeNull();
});
