/** Checks of urgencies and of the size. */

import { expectThat, type MemberCheckOptions, type NamedCheck, Skipped } from './check.js';
import { type CheckedJob, idsOf } from './journal.js';
import { requireMethod, Session } from './session.js';
import { endless, quick } from './template.js';

/** Occupies all slots. */
async function fill(session: Session, { slots }: MemberCheckOptions): Promise<readonly CheckedJob[]> {
  const jobs = await session.submit(endless, slots);
  await session.started(jobs);
  return jobs;
}

async function setUrgency(
  session: Session,
  jobs: readonly CheckedJob[],
  urgency: number,
  changed: number,
): Promise<void> {
  const answer = session.member.setUrgency?.(idsOf(jobs), urgency) ?? Promise.resolve(0);
  const found = await session.within('setUrgency() to resolve', answer);
  expectThat(
    found === changed,
    `setUrgency() to change ${changed} of ${jobs.length} jobs`,
    `it resolved with ${found}`,
  );
}

async function resize(session: Session, delta: number): Promise<void> {
  const { member } = session;
  const size = member.size;
  const answer = member.resize?.(delta);
  if (answer === undefined) return;
  const { before, after } = await session.within('resize() to resolve', answer);
  const isRight = before === null || after === null || after === before + delta;
  expectThat(
    isRight,
    `resize(${delta}) to change the size by ${delta}`,
    `it went from ${before} to ${after}`,
  );
  if (size === undefined) return;
  expectThat(before === size, `a resize from the size ${size}`, `resize() resolved with ${before} as before`);
  expectThat(member.size === after, `the size ${after} after resize()`, `size is ${member.size}`);
}

export const controlChecks: readonly NamedCheck[] = [
  {
    name: 'pending jobs start by urgency, and then in the order of their submission',
    exclusive: true,
    check: (options) =>
      Session.with(options, async (session) => {
        requireMethod(session.member, 'setUrgency');
        const running = await fill(session, options);
        const [a, b, c, d] = [
          ...(await session.submit(quick, 2)),
          ...(await session.submit({ ...quick, urgency: 20 })),
          ...(await session.submit(quick)),
        ];
        if (!a || !b || !c || !d) return;
        await setUrgency(session, [d], 25, 1);
        // One slot, so that they start one after the other.
        await session.cancel(idsOf(running.slice(0, 1)), 1);
        await session.ended([a, b, c, d]);
        const found = session.journal.starts.slice(-4).map((each) => 'abcd'[[a, b, c, d].indexOf(each)]);
        const names = found.join(', ');
        expectThat(
          names === 'd, c, a, b',
          'jobs a, b, c and d with urgencies 16, 16, 20 and 25 to start in the order d, c, a, b',
          `they started in the order ${names}`,
        );
        await session.cancel(idsOf(running), running.length - 1);
      }),
  },
  {
    name: 'a job with urgency 0 is held until its urgency is set',
    exclusive: true,
    check: (options) =>
      Session.with(options, async (session) => {
        requireMethod(session.member, 'setUrgency');
        const running = await fill(session, options);
        const held = await session.submit(quick, 1);
        await setUrgency(session, held, 0, 1);
        const heldFirst = await session.submit({ ...quick, urgency: 0 });
        const other = await session.submit(quick);
        await session.cancel(idsOf(running), running.length);
        await session.ended([...running, ...other]);
        for (const each of [...held, ...heldFirst])
          expectThat(each.pending, 'a held job not to start', `the member reported ${each}`);
        await setUrgency(session, [...held, ...heldFirst, ...other], 16, 2);
        await session.ended([...held, ...heldFirst]);
      }),
  },
  {
    name: 'resize() adds slots for pending jobs, and removes slots without ending jobs',
    exclusive: true,
    check: (options) =>
      Session.with(options, async (session) => {
        requireMethod(session.member, 'resize');
        const running = [...(await fill(session, options)), ...(await session.submit(endless, 2))];
        await resize(session, 1);
        await session.started(running.slice(0, -1));
        await resize(session, -1);
        const [first, ...others] = running;
        if (first === undefined) return;
        await session.cancel([first.id], 1);
        await session.ended([first]);
        // It would start before, if the slot of the canceled job were free.
        const probe = await session.submit(endless);
        await session.cancel(idsOf(probe), 1);
        await session.ended(probe);
        const last = others.at(-1);
        expectThat(last?.pending === true, 'no start in a slot that was removed', `there is ${last}`);
        for (const each of others)
          expectThat(!each.ended, 'jobs that run to go on when slots are removed', `there is ${each}`);
        await session.cancel(idsOf(others), others.length);
      }),
  },
  {
    name: 'a job that is too large waits while the member may grow, and fails otherwise',
    exclusive: true,
    check: (options) =>
      Session.with(options, async (session) => {
        const { member } = session;
        requireMethod(member, 'setGrowable');
        if (member.size === undefined) throw new Skipped(`the ${member.name} member has no size`);
        member.setGrowable?.(true);
        const large = await session.submit({ ...quick, cores: member.size + 1 });
        await session.run(quick);
        for (const each of large)
          expectThat(each.pending, 'a job that is too large to wait', `the member reported ${each}`);
        member.setGrowable?.(false);
        await session.ended(large);
        for (const each of large) {
          const type = each.event('exception')?.context.type;
          expectThat(
            type === 'alloc',
            'an exception of type alloc',
            `the member reported ${each}, type ${type}`,
          );
        }
      }),
  },
];
