import { expect, test } from 'vitest';
import { requestsOf, treeOf, treeOptions } from '../../../src/members/flux/tree.js';
import { TreeMember } from '../../../src/members/tree-member.js';

test('the number of sub-instances is that of the options, or of the file', () => {
  const file = { instances: 4, nodes: 2, cores: null, recycle: 100, broker: ['-v'] };
  expect(treeOf(file, undefined)).toEqual(file);
  expect(treeOf(file, 7)).toEqual({ ...file, instances: 7 });
  expect(treeOf({ ...file, instances: null }, undefined)).toBeNull();
  expect(treeOf(null, undefined)).toBeNull();
  const none = { nodes: null, cores: null, recycle: null, broker: [] };
  expect(treeOf(null, 3)).toEqual({ ...none, instances: 3 });
});

test('the jobspec of a sub-instance runs a broker, and is not one of the run', () => {
  const tree = { instances: 3, nodes: null, cores: 2, recycle: null, broker: ['--conf=x"y'] };
  const { head, tail, ...options } = treeOptions(tree, { run: 'study-1', resumed: true, pilots: null });
  expect(options).toEqual({
    ...{ run: 'study-1', instances: 3, nodes: 0, cores: 2, recycle: 0, resumed: true },
    ...{ startPatience: 60, pilots: null },
  });
  // As the native source completes it.
  const jobspec = JSON.parse(
    `{"resources":[],${head}"flux_ensemble_instance":"study-1:1","origin":{"index":0${tail}`,
  );
  expect(jobspec).toMatchObject({
    version: 1,
    tasks: [{ command: ['flux', 'broker', '-Sbroker.rc2_none=1', '--conf=x"y'], slot: 'task' }],
    attributes: { system: { duration: 0, cwd: process.cwd(), job: { name: 'ensemble-instance' } } },
  });
  expect(jobspec.attributes.user).toEqual({ flux_ensemble_instance: 'study-1:1', origin: { index: 0 } });
  expect(jobspec.attributes.system.environment).not.toHaveProperty('FLUX_URI');
});

test('requests to a sub-instance name it', async () => {
  const asked: unknown[] = [];
  const source = {
    request: async (...args: unknown[]) => {
      asked.push(args);
      return '{}';
    },
  };
  await requestsOf(source, 0).request('kvs.lookup', '{}');
  await requestsOf(source, 3).request('kvs.lookup', '{}', 0);
  expect(asked).toEqual([
    ['kvs.lookup', '{}'],
    ['@3/kvs.lookup', '{}', 0],
  ]);
});

test('grow and shrink change the number of sub-instances, and one stays', async () => {
  let instances = 3;
  const flux = {
    resizeTree: async (wanted: number) => {
      const before = instances;
      instances = wanted;
      return { before, after: wanted };
    },
  };
  const member = new TreeMember(flux as never, instances);
  expect(member.size).toBe(3);
  expect(await member.resize(2)).toEqual({ before: 3, after: 5 });
  expect(member.size).toBe(5);
  expect(await member.resize(-9)).toEqual({ before: 5, after: 1, note: 'one instance stays' });
  expect(member.size).toBe(1);
});
