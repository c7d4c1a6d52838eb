/** No end of a run leaves a process or a file. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { LocalMember } from '../../../../src/members/local/local-member.js';
import { eventually, Journal, ORIGIN, processesOf, SPAWNER, sh, template, uniqueSleep } from './harness.js';

async function started(slots = 2): Promise<{ member: LocalMember; journal: Journal }> {
  const member = new LocalMember({ slots, ensemble: null, spawnerPath: SPAWNER });
  const journal = new Journal();
  await member.start(journal);
  return { member, journal };
}

const parentOf = (pid: number) =>
  Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** A shell that ignores SIGTERM, and a grandchild in its group. */
const stubborn = (seconds: string) => sh(`trap '' TERM; sleep ${seconds} & sleep ${seconds}; true`);

test('stop cancels all jobs and delivers every record before it resolves', async () => {
  const { member, journal } = await started();
  await member.submit(template(['sleep', '30']), 500, ORIGIN);
  await journal.has(1, 'start');
  await member.stop(5);
  expect(journal.ids()).toHaveLength(500);
  expect(journal.count('clean')).toBe(500);
  expect(journal.count('exception')).toBe(500);
  expect(journal.context(0, 'finish')).toEqual({ status: 143 << 8 });
  expect(journal.count('finish')).toBe(2);
  expect(journal.failure).toBeNull();
});

test('stop during submissions and spawning leaves no job half reported', async () => {
  const { member, journal } = await started(200);
  const submitted = member.submit(template(['sleep', '30']), 2000, ORIGIN);
  await journal.until(() => journal.count('start') > 5);
  const [count] = await Promise.all([submitted, member.stop(3), member.stop(3)]);
  expect(journal.ids()).toHaveLength(count);
  expect(journal.count('clean')).toBe(count);
  for (const name of ['finish', 'start', 'release', 'free']) {
    expect({ name, count: journal.count(name) }).toEqual({ name, count: journal.count('alloc') });
  }
});

test('SIGKILL follows the grace, and a later call can shorten the grace', async () => {
  const seconds = uniqueSleep();
  const { member, journal } = await started();
  await member.submit(template(stubborn(seconds)), 1, ORIGIN);
  await eventually(() => processesOf('sleep', seconds).length === 2, 'two sleeps');
  const stopped = member.stop(1000);
  await journal.has(0, 'exception');
  await sleep(50);
  expect(journal.names(0)).not.toContain('finish');
  await Promise.all([member.stop(0.05), stopped]);
  await member.stop(1000);
  expect(journal.context(0, 'finish')).toEqual({ status: 137 << 8 });
  expect(processesOf('sleep', seconds)).toEqual([]);
});

test('SIGKILL of the spawner fails the member and leaves no orphan', async () => {
  const seconds = uniqueSleep();
  const { member, journal } = await started();
  await member.submit(template(stubborn(seconds)), 3, ORIGIN);
  await eventually(() => processesOf('sleep', seconds).length === 4, 'four sleeps');
  await journal.has(1, 'start');
  const shell = parentOf(processesOf('sleep', seconds)[0] ?? 0);
  process.kill(parentOf(shell), 'SIGKILL');
  await journal.until(() => journal.failure !== null);
  expect(journal.failure).toMatchObject({ code: 'ERR_MEMBER', message: expect.stringContaining('SIGKILL') });
  await eventually(() => processesOf('sleep', seconds).length === 0, 'no orphan');
  await expect(member.submit(template(['true']), 1, ORIGIN)).rejects.toMatchObject({ code: 'ERR_MEMBER' });
  await member.stop(5);
});

describe('in a Node process of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'local-host-'));
  const bundle = join(folder, 'local-member.mjs');

  beforeAll(async () => {
    // Node 20 can't run TypeScript.
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        ssr: fileURLToPath(new URL('../../../../src/members/local/local-member.ts', import.meta.url)),
        outDir: folder,
        rolldownOptions: { output: { entryFileNames: 'local-member.mjs' } },
      },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /**
   * Starts a process with a member that runs two sleeps, one of them in a session of its own, and does
   * `then`.
   */
  function host(seconds: string, then: string) {
    const command = ['/bin/sh', '-c', `setsid sleep ${seconds} & sleep ${seconds}; true`];
    const script = `
      import { LocalMember } from ${JSON.stringify(bundle)};
      const options = { slots: 2, ensemble: null, spawnerPath: ${JSON.stringify(SPAWNER)} };
      const member = new LocalMember(options);
      await member.start({ records() {}, quiet() {}, failed() {} });
      await member.submit(${JSON.stringify(template(command))}, 1, { rule: 0, firing: 0, part: 0, index: 0, attempt: 0 });
      ${then}`;
    return spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
  }

  test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('an end by %s leaves no process', async (signal) => {
    const seconds = uniqueSleep();
    const child = host(seconds, '');
    await eventually(() => processesOf('sleep', seconds).length === 2, 'two sleeps');
    child.kill(signal);
    await once(child, 'close');
    await eventually(() => processesOf('sleep', seconds).length === 0, 'no sleep');
  });

  test('process.exit() leaves no process', async () => {
    const seconds = uniqueSleep();
    const child = host(seconds, 'process.stdin.on("data", () => process.exit(3));');
    await eventually(() => processesOf('sleep', seconds).length === 2, 'two sleeps');
    child.stdin.end('go');
    expect((await once(child, 'close'))[0]).toBe(3);
    await eventually(() => processesOf('sleep', seconds).length === 0, 'no sleep');
  });

  test('a stopped member does not keep the process alive', async () => {
    const seconds = uniqueSleep();
    const child = host(seconds, 'await member.stop(60);');
    child.stdin.end();
    const begin = performance.now();
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(performance.now() - begin).toBeLessThan(30_000); // far below the grace
    expect(processesOf('sleep', seconds)).toEqual([]);
  });
});
