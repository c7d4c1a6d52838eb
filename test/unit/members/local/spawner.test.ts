/** The spawner program by itself: invalid input, and the end of its input. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Spawner } from '../../../../src/members/local/spawner.js';
import { eventually, processesOf, SPAWNER, uniqueSleep } from './harness.js';

function frame(...fields: (string | number)[]): Buffer {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

async function run(input: Uint8Array): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(SPAWNER, [], { stdio: 'pipe' });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, out, err };
}

const spawnTrue = frame('spawn', 1, '', '', '', 0, 1, '/bin/true');

test.each([
  ['an unknown verb', frame('dance', 1)],
  ['no strings', Buffer.from([1, 0, 0, 0, 65])],
  ['an empty frame', Buffer.from([0, 0, 0, 0])],
  ['a frame beyond the limit', Buffer.from([1, 0, 0, 4])],
  ['no arguments', frame('spawn', 1, '', '', '', 0, 0)],
  ['a count that lies', frame('spawn', 1, '', '', '', 0, 4_000_000_000, 'x')],
  ['too few strings', frame('spawn', 1, '', '', '', 0, 2, 'x')],
  ['too many strings', frame('spawn', 1, '', '', '', 0, 1, 'x', 'y')],
  ['a variable without value', frame('spawn', 1, '', '', '', 1, 'A', 1, 'x')],
  ['a number that is none', frame('kill', '1x', 9)],
  ['a negative id', frame('kill', -1, 9)],
  ['an odd signal', frame('kill', 1, 1000)],
  ['an id twice', Buffer.concat([frame('spawn', 1, '', '', '', 0, 2, 'sleep', '9'), spawnTrue])],
])('%s ends the spawner with a message', async (_, input) => {
  const { code, err } = await run(input);
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('malformed') });
});

test('any garbage ends the spawner, never by a signal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
      const { code } = await run(bytes);
      expect([0, 2]).toContain(code);
    }),
    { numRuns: 50 },
  );
});

test('a frame cut short by the end of input is not run', async () => {
  const { code, out } = await run(spawnTrue.subarray(0, -1));
  expect({ code, out }).toEqual({ code: 0, out: 'ready 2\n' });
});

test('the end of its input ends its jobs, which is reported', async () => {
  const seconds = uniqueSleep();
  const child = spawn(SPAWNER, [], { stdio: 'pipe' });
  let out = '';
  child.stdout.on('data', (text) => (out += text));
  child.stdin.write(frame('spawn', 7, '', '', '', 0, 2, 'sleep', seconds));
  await eventually(() => processesOf('sleep', seconds).length === 1, 'a sleep');
  child.stdin.end();
  await once(child, 'close');
  expect(out).toMatch(/^ready 2\nstarted 7 \d+ \d+\.\d{9}\nexit 7 9 \d+\.\d{9}\n$/);
  expect(processesOf('sleep', seconds)).toEqual([]);
});

test.each(['keeper', 'spawner'])(
  'the end of its %s by SIGKILL also ends the jobs and daemons',
  async (which) => {
    const seconds = uniqueSleep();
    const child = spawn(SPAWNER, [], { stdio: 'pipe' });
    const script = `setsid sleep ${seconds} & sleep ${seconds}`;
    child.stdin.write(frame('spawn', 7, '', '', '', 0, 3, '/bin/sh', '-c', script));
    await eventually(() => processesOf('sleep', seconds).length === 2, 'two sleeps');
    const [spawner] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    process.kill(Number(which === 'keeper' ? child.pid : spawner), 'SIGKILL');
    await eventually(() => processesOf('sleep', seconds).length === 0, 'no sleep');
  },
);

test('a reader that does not read delays nothing', async () => {
  const child = spawn(SPAWNER, [], { stdio: 'pipe' });
  child.stdout.pause();
  const seconds = uniqueSleep();
  // More reports than a pipe holds, then a job that must start all the same.
  for (let id = 0; id < 6_000; id++) child.stdin.write(frame('spawn', id, '/no/such', '', '', 0, 1, 'x'));
  child.stdin.write(frame('spawn', 6_000, '', '', '', 0, 2, 'sleep', seconds));
  await eventually(() => processesOf('sleep', seconds).length === 1, 'the job after the flood', 60);
  let out = '';
  child.stdout.on('data', (text) => (out += text));
  child.stdout.resume();
  child.stdin.end();
  await once(child, 'close');
  expect(out.split('\n').filter((line) => line.startsWith('error'))).toHaveLength(6_000);
}, 120_000);

test('a missing or wrong program is reported with a remedy', async () => {
  const listener = { started() {}, refused() {}, exited() {}, drained() {}, died() {} };
  const unavailable = { code: 'ERR_MEMBER_UNAVAILABLE', message: expect.stringContaining('npm run build') };
  await expect(Spawner.open('/no/such/spawner', listener)).rejects.toMatchObject(unavailable);
  await expect(Spawner.open('/bin/true', listener)).rejects.toMatchObject(unavailable);
  await expect(Spawner.open('/etc/passwd', listener)).rejects.toMatchObject(unavailable);
});
