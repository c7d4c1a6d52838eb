/** Checks of the ways in which jobs end. */

import { expectThat, type NamedCheck } from './check.js';
import { type CheckedJob, idsOf } from './journal.js';
import { isFatal } from './order.js';
import { requireMethod, Session } from './session.js';
import { endless, job, quick, script } from './template.js';

const statusOf = (each: CheckedJob) => each.event('finish')?.context.status;

/** The type of the first exception that ends the job. */
const fatalType = (each: CheckedJob) => each.events.find(isFatal)?.context.type;

function expectFatal(each: CheckedJob, type: string): void {
  const found = fatalType(each);
  expectThat(
    found === type,
    `an exception of type ${type} and severity 0 of job ${each.id}`,
    found === undefined ? `the member reported ${each}` : `its type is ${found}`,
  );
}

export const endChecks: readonly NamedCheck[] = [
  {
    name: 'a job that fails has its status as of wait(2)',
    check: (options) =>
      Session.with(options, async (session) => {
        const [exits] = await session.run(script('exit 3'));
        const [killed] = await session.run(script('kill -KILL $$'));
        const [missing] = await session.run(job(['/nowhere/no-such-program']));
        if (!exits || !killed || !missing) return;
        const exit = statusOf(exits);
        expectThat(exit === 3 << 8, 'status 768 of a job with exit status 3', `it is ${exit}`);
        const signal = Number(statusOf(killed));
        // A shell reports the signal of its child as an exit status.
        const isKill = (signal & 0x7f) === 9 || signal === (128 + 9) << 8;
        expectThat(isKill, 'status 9 or 35072 of a job that SIGKILL ended', `it is ${signal}`);
        const failed = missing.events.some(isFatal) || Number(statusOf(missing)) !== 0;
        expectThat(
          failed,
          'a job without its program to fail',
          `the member reported ${missing} with status 0`,
        );
      }),
  },
  {
    name: 'a job over its time limit ends with a timeout exception',
    check: (options) =>
      Session.with(options, async (session) => {
        for (const each of await session.run({ ...endless, duration: 0.2 })) expectFatal(each, 'timeout');
      }),
  },
  {
    name: 'cancel() ends pending and running jobs by a cancel exception',
    exclusive: true,
    check: (options) =>
      Session.with(options, async (session) => {
        const running = await session.submit(endless, options.slots);
        await session.started(running);
        const pending = await session.submit(quick, 2);
        await session.cancel(idsOf(pending), 2);
        await session.ended(pending);
        for (const each of pending) {
          expectFatal(each, 'cancel');
          expectThat(!each.has('start'), 'no start of a job that was canceled before', `there is ${each}`);
        }
        const other = running.find((each) => each.has('exception'));
        expectThat(other === undefined, 'other jobs to go on', `the member reported ${other}`);
        await session.cancel(idsOf(running), running.length);
        await session.ended(running);
        for (const each of running) expectFatal(each, 'cancel');
      }),
  },
  {
    name: 'cancel() ignores unknown jobs and jobs that have ended',
    check: (options) =>
      Session.with(options, async (session) => {
        const [ended] = await session.run(quick);
        const [active] = await session.submit(endless);
        if (!ended || !active) return;
        await session.cancel([ended.id, 12345678901234567n, active.id], 1);
        await session.ended([active]);
        await session.cancel([active.id], 0);
      }),
  },
  {
    name: 'explain() knows nothing about a job that is unknown',
    check: (options) =>
      Session.with(options, async (session) => {
        const { member } = session;
        requireMethod(member, 'explain');
        const answer = Promise.resolve(member.explain?.(12345678901234567n, false));
        const trace = await session.within('explain() to resolve', answer);
        expectThat(trace === null, 'null from explain()', `it resolved with ${JSON.stringify(trace)}`);
      }),
  },
];
