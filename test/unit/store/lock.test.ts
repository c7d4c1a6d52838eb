/** One process drives a run. */

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockState, takeLock } from '../../../src/store/lock.js';
import { ownIdentity } from '../../../src/store/process-identity.js';
import { newFolder, root } from '../../support/cli.js';

const module = JSON.stringify(join(root, 'dist/store/lock.js'));

/** Takes the lock in another process, and reports the result on standard output. */
const script = (folder: string, then: string) => `
  import(${module}).then(({ takeLock }) => {
    try {
      const { epoch, takenOver } = takeLock(${JSON.stringify(folder)});
      console.log(JSON.stringify({ epoch, takenOver }));
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }));
    }
    ${then}
  });`;

/** A process that takes the lock and stays. */
async function owner(folder: string): Promise<{ said: Record<string, unknown>; end: () => Promise<void> }> {
  const child = spawn(process.execPath, ['-e', script(folder, 'setInterval(() => {}, 1e6);')]);
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data))),
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    said: JSON.parse(said),
    end: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

const lock = (content: object) => JSON.stringify({ ...ownIdentity(), since: 1, released: false, ...content });

test('a lock that was released is taken again, with the next number', () => {
  const folder = newFolder();
  expect(lockState(folder)).toEqual({ state: 'free' });
  const first = takeLock(folder);
  expect(first).toMatchObject({ epoch: 1, takenOver: null });
  expect(lockState(folder)).toMatchObject({ state: 'held', owner: { pid: process.pid } });
  expect(() => takeLock(folder)).toThrow(`process ${process.pid} on host`);
  first.release();
  first.release();
  expect(lockState(folder)).toEqual({ state: 'free' });
  expect(takeLock(folder)).toMatchObject({ epoch: 2, takenOver: null });
  expect(readdirSync(folder).sort()).toEqual(['lock.1', 'lock.2']);
});

test('a live process keeps its lock, and a killed one loses it', async () => {
  const folder = newFolder();
  const other = await owner(folder);
  expect(other.said).toEqual({ epoch: 1, takenOver: null });
  expect(() => takeLock(folder)).toThrow(expect.objectContaining({ code: 'ERR_RUN' }));
  await other.end();
  expect(lockState(folder)).toMatchObject({ state: 'dead' });
  const taken = takeLock(folder);
  expect(taken.epoch).toBe(2);
  expect(taken.takenOver).toMatch(/^process \d+ on host .* has ended without giving the run back$/);
});

test('a dead lock has one heir, although many processes want it', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'lock.1'), lock({ started: '1' }));
  const all = await Promise.all(Array.from({ length: 8 }, () => owner(folder)));
  const said = all.map((one) => one.said);
  expect(said.filter(({ epoch }) => epoch === 2)).toHaveLength(1);
  expect(said.filter(({ code }) => code === 'ERR_RUN')).toHaveLength(7);
  await Promise.all(all.map((one) => one.end()));
});

test.each([
  ['of a process that has this number by chance', { started: '1' }, 'dead'],
  ['of an earlier start of the machine', { boot: 'other' }, 'dead'],
  ['of another host', { host: 'other' }, 'elsewhere'],
  ['of another machine with the same name', { machine: 'other', boot: 'other' }, 'elsewhere'],
  ['of a container', { namespace: 'pid:[1]' }, 'elsewhere'],
] as const)('the owner %s', (_title, content, state) => {
  const folder = newFolder();
  writeFileSync(join(folder, 'lock.1'), lock(content));
  expect(lockState(folder)).toMatchObject({ state });
  if (state === 'dead') expect(takeLock(folder).takenOver).not.toBeNull();
  else
    expect(() => takeLock(folder)).toThrow(`this host can't check. If it has ended, remove ${folder}/lock.1`);
});

test('a damaged lock is refused with its path', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'lock.3'), '{');
  expect(() => takeLock(folder)).toThrow(`${folder}/lock.3 is damaged`);
});

test('a folder that is missing is an error of the system', () => {
  expect(() => takeLock('/nowhere/run')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  // The script works, so the tests above can fail.
  const { stdout } = spawnSync(process.execPath, ['-e', script('/nowhere/run', '')], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toMatchObject({ code: 'ENOENT' });
});
