/** Checks with many jobs, and with a log that is slow. */

import { expectThat, type NamedCheck } from './check.js';
import { Session } from './session.js';
import { quick } from './template.js';

const MANY_JOBS = 2000;
/** Milliseconds in which a slow log takes in records. */
const LOG_DELAY = 20;

export const loadChecks: readonly NamedCheck[] = [
  {
    name: 'many jobs of one submission all end',
    check: (options) =>
      Session.with(options, async (session) => {
        const { jobs: count = MANY_JOBS, template } = options.many ?? {};
        const jobs = await session.submit({ ...quick, ...template }, count);
        await session.ended(jobs);
        const failed = jobs.find((each) => each.event('finish')?.context.status !== 0);
        expectThat(failed === undefined, `status 0 of ${count} jobs`, `the member reported ${failed}`);
      }),
  },
  {
    name: 'no job starts before the log has its submit event, and a slow log loses nothing',
    check: (options) =>
      Session.with(
        options,
        async (session) => {
          const jobs = [...(await session.submit(quick, 3)), ...(await session.submit(quick, 3))];
          await session.ended(jobs);
        },
        { logDelay: LOG_DELAY },
      ),
  },
];
