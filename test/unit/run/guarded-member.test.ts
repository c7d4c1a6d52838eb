import { describe, expect, test } from 'vitest';
import type { MemberError } from '../../../src/errors.js';
import type { Member } from '../../../src/members/member.js';
import { GuardedMember } from '../../../src/run/guarded-member.js';

function guard(member: Partial<Member>) {
  const failed: MemberError[] = [];
  const problems: MemberError[] = [];
  const guarded = new GuardedMember(member as Member, {
    failed: (error) => failed.push(error),
    problem: (error) => problems.push(error),
  });
  return { guarded, failed, problems };
}

/** A property or a method that throws. */
const thrower = (): never => {
  throw new Error('broken');
};

test('a member without optional parts has no size, expects nothing more and has the time of day', async () => {
  const { guarded, failed, problems } = guard({ stop: async () => {} });
  expect(guarded.size).toBeNull();
  expect(guarded.expectsMore).toBe(false);
  expect(Math.abs(guarded.now() - Date.now() / 1000)).toBeLessThan(3600);
  guarded.setGrowable(true);
  await guarded.stop(1, 'done');
  expect([failed, problems]).toEqual([[], []]);
});

test('a member has its own time and size', () => {
  const { guarded } = guard({ now: () => 42, size: 7, expectsMore: true });
  expect([guarded.now(), guarded.size, guarded.expectsMore]).toEqual([42, 7, true]);
});

describe('a member that throws', () => {
  test('in expectsMore or setGrowable() has failed', () => {
    const { guarded, failed } = guard({
      get expectsMore() {
        return thrower();
      },
      setGrowable: thrower,
    });
    expect(guarded.expectsMore).toBe(false);
    guarded.setGrowable(false);
    expect(failed.map(({ message }) => message)).toEqual([
      'expectsMore of the member failed: broken',
      'setGrowable() of the member failed: broken',
    ]);
  });

  test('in stop() is a problem', async () => {
    const { guarded, failed, problems } = guard({ stop: async () => thrower() });
    await guarded.stop(0, 'interrupted');
    expect(problems).toMatchObject([
      { code: 'ERR_MEMBER', message: 'the member could not be stopped: broken' },
    ]);
    expect(failed).toEqual([]);
  });

  test('in size has no size', () => {
    const { guarded, failed } = guard({
      get size() {
        return thrower();
      },
    });
    expect([guarded.size, failed]).toEqual([null, []]);
  });
});
