import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, eventually, jsonLines, newFolder, type Running } from '../support/cli.js';
import { allGood, describeFlux, type Instance, withInstance } from '../support/flux-instance.js';

const submit = ({ flux }: Instance, group: string, jobs: number) =>
  flux('submit', '--quiet', '--wait', `--setattr=user.group=${group}`, `--cc=1-${jobs}`, 'true');

async function replayed(path: string) {
  const finished = await cli(['replay', '--json', path]);
  expect(finished.status).toBe(0);
  return jsonLines(finished).summary;
}

const followers = async ({ flux }: Instance) =>
  JSON.parse(await flux('module', 'stats', 'job-manager')).journal.listeners as number;

describeFlux('record under Flux', () => {
  test('writes all events of the queue until it is stopped', () =>
    withInstance(async (instance) => {
      const path = join(newFolder(), 'journal.ndjson.gz');
      await submit(instance, 'before', 2);
      const before = await followers(instance);
      const running = instance.start(['record', path]);
      await eventually(async () => (await followers(instance)) > before, 'it follows');
      await submit(instance, 'during', 3);
      running.process.kill('SIGTERM');
      const { status, stderr } = await running.finished;
      expect([status, stderr]).toEqual([0, expect.stringMatching(/recorded 34 records with 33 events/)]);
      const { groups, events } = await replayed(path);
      expect(events).toBe(33);
      expect(Object.keys(groups)).toEqual(['during']);
      expect(groups.during?.count).toEqual(allGood(3));
    }));

  test('begins with ended jobs by --full, and may end by itself', () =>
    withInstance(async (instance) => {
      const path = join(newFolder(), 'journal.ndjson');
      await submit(instance, 'before', 4);
      const { status } = await instance.start(['record', '--full', '--duration', '0.5', path]).finished;
      expect(status).toBe(0);
      expect((await replayed(path)).groups.before?.count).toEqual(allGood(4));
    }));

  test('keeps its records when the instance dies', async () => {
    const path = join(newFolder(), 'journal.ndjson');
    let running: Running | undefined;
    await withInstance(
      async (instance) => {
        const before = await followers(instance);
        running = instance.start(['record', path]);
        await eventually(async () => (await followers(instance)) > before, 'it follows');
        await submit(instance, 'a', 2);
      },
      { own: true },
    );
    const finished = await running?.finished;
    expect([finished?.status, finished?.stderr]).toEqual([3, expect.stringContaining('[ERR_MEMBER]')]);
    expect((await replayed(path)).groups.a?.count).toEqual(allGood(2));
  });
});
