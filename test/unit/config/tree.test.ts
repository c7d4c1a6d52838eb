import { expect, test } from 'vitest';
import { configFromObject } from '../../../src/config/load.js';
import { diagnose } from '../../support/config.js';

const file = (flux: unknown) => ({
  member: { flux },
  jobs: [{ name: 'a', command: 'x' }],
  rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
});
const treeOf = (flux: unknown) => configFromObject(file(flux)).config.member.flux;
const errorsOf = (flux: unknown) =>
  diagnose(JSON.stringify(file(flux))).map(({ path, message }) => `${path}: ${message}`);

test('a tree has its sizes, and nothing else by default', () => {
  const none = { instances: null, nodes: null, cores: null, recycle: null, broker: [] };
  expect(treeOf({})).toEqual(none);
  expect(treeOf(null)).toBeNull();
  expect(treeOf({ instances: 8, nodes: 4, recycle: '2000 jobs', broker: ['--conf=a.toml'] })).toEqual({
    ...none,
    ...{ instances: 8, nodes: 4, recycle: 2000, broker: ['--conf=a.toml'] },
  });
  expect(treeOf({ recycle: '1 job' })?.recycle).toBe(1);
  expect(treeOf({ recycle: 500 })?.recycle).toBe(500);
});

test.each([
  [{ instances: 0 }, 'member.flux.instances: must be an integer from 1 to 8192'],
  [{ instances: 8193 }, 'member.flux.instances: must be an integer from 1 to 8192'],
  [{ cores: 1.5 }, 'member.flux.cores: must be an integer'],
  [{ recycle: 0 }, 'member.flux.recycle: must be a number of jobs above 0, like 2000 jobs'],
  [{ recycle: '2000 nodes' }, 'member.flux.recycle: must be a number of jobs above 0, like 2000 jobs'],
  [{ recycle: '99999999999999999999 jobs' }, 'member.flux.recycle: must be a number of jobs above 0'],
  [{ broker: 'x' }, 'member.flux.broker: must be a list of options'],
  [{ broker: ['sleep'] }, "member.flux.broker[0]: 'sleep' can't be given"],
  [{ broker: ['-Sbroker.rc2_none=0'] }, "member.flux.broker[0]: '-Sbroker.rc2_none=0' can't be given"],
  [{ instance: 3 }, "member.flux.instance: unknown key 'instance'; did you mean 'instances'?"],
  [7, 'member.flux: must be a mapping with instances, nodes, cores, recycle and broker'],
])('%j is refused', (flux, message) => {
  expect(errorsOf(flux)).toEqual([expect.stringContaining(message)]);
});
