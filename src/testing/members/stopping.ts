/** Checks of stop(), and of a run that goes on in another process. */

import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expectThat, fault, type MemberCheckOptions, type NamedCheck, Skipped } from './check.js';
import { withFolder } from './folder.js';
import { type CheckedJob, idsOf } from './journal.js';
import { requireMethod, Session } from './session.js';
import { endless, quick, script } from './template.js';

/** A time in seconds that no check waits for. */
const LONG = 3000;

/** A job with two processes, whose ids it writes to a file. */
const family = (file: string, before = '') =>
  script(`${before} sleep 3000 & echo "$(hostname) $$ $!" > '${file}.new'; mv '${file}.new' '${file}'; wait`);

const withFile = (check: (file: string) => Promise<void>) =>
  withFolder((folder) => check(join(folder, 'processes')));

/** The ids of the processes; empty for a job that runs on another host. */
async function processesIn(file: string): Promise<readonly number[]> {
  const [host, ...ids] = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ');
  return host === hostname() ? ids.map(Number) : [];
}

/** Whether a process runs. A process that waits for its parent to notice its end does not. */
function isRunning(id: number): boolean {
  try {
    const status = readFileSync(`/proc/${id}/stat`, 'utf8');
    return !/^[ZX]/.test(status.slice(status.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** Resolves when the job has written the file. */
async function begun(session: Session, jobs: readonly CheckedJob[], file: string): Promise<void> {
  await session.started(jobs);
  await session.until('a running job to write a file', () => existsSync(file));
}

/** Members whose jobs end with the run. */
const endsJobs = ({ member }: Session) => member.reconcile === undefined;

async function expectEnded(session: Session, jobs: readonly CheckedJob[], ids: readonly number[]) {
  const active = jobs.find(({ ended }) => !ended);
  expectThat(active === undefined, 'clean events of all jobs before stop() resolves', `there is ${active}`);
  // SIGKILL takes its time.
  if (endsJobs(session))
    await session.until(`the end of the processes ${ids.join(' and ')} of a job`, () => !ids.some(isRunning));
}

async function expectRefused(session: Session): Promise<void> {
  const answer = session.member.submit(quick, 1, { rule: 0, firing: 99, part: 0, index: 0, attempt: 0 });
  const refused = await session.within('submit() after stop() to reject', answer).then(
    () => null,
    (error: { code?: unknown }) => error,
  );
  if (refused === null) throw fault('expected submit() after stop() to reject, but it resolved');
  expectThat(
    refused.code === 'ERR_MEMBER' || refused.code === 'ERR_MEMBER_UNAVAILABLE',
    'a MemberError of submit() after stop()',
    `it rejected with ${String(refused)}`,
  );
}

export const stopChecks: readonly NamedCheck[] = [
  {
    name: 'stop() of an interrupted run ends all jobs and their processes',
    exclusive: true,
    check: (options) =>
      withFile((file) =>
        Session.with(options, async (session) => {
          const running = await session.submit(family(file));
          await begun(session, running, file);
          const ids = await processesIn(file);
          const jobs = [...running, ...(await session.submit(endless, options.slots))];
          await session.stop(LONG, 'interrupted');
          await expectEnded(session, jobs, ids);
          await session.stop(LONG, 'interrupted');
          await expectRefused(session);
        }),
      ),
  },
  {
    name: 'stop() of a run that is done ends jobs that nothing else would end',
    check: (options) =>
      withFile((file) =>
        Session.with(options, async (session) => {
          if (!endsJobs(session))
            throw new Skipped(
              `jobs of the ${session.member.name} member outlive the run: it has reconcile()`,
            );
          const running = await session.submit(family(file));
          await begun(session, running, file);
          const ids = await processesIn(file);
          await session.stop(LONG, 'done');
          await expectEnded(session, running, ids);
        }),
      ),
  },
  {
    name: 'reconcile() shows each job of an earlier process once',
    exclusive: true,
    check: (options) => {
      const { slots } = options;
      return resume(options, async (session) => {
        const ended = await session.run(quick);
        const running = await session.submit(endless, slots);
        await session.started(running);
        return [...ended, ...running, ...(await session.submit(endless, 2))];
      });
    },
  },
  {
    name: 'a second stop() with a shorter grace shortens the first one',
    check: (options) =>
      withFile((file) =>
        Session.with(options, async (session) => {
          const running = await session.submit(family(file, "trap '' TERM;"));
          await begun(session, running, file);
          const ids = await processesIn(file);
          const first = session.stop(LONG, 'interrupted');
          first.catch(() => {});
          await session.stop(0, 'interrupted');
          await first;
          if (endsJobs(session)) await expectEnded(session, running, ids);
        }),
      ),
  },
];

/** Submits jobs in one process of a run, and goes on with it in another. */
async function resume(
  options: MemberCheckOptions,
  submit: (session: Session) => Promise<readonly CheckedJob[]>,
): Promise<void> {
  let jobs: readonly CheckedJob[] = [];
  let ensemble = '';
  let facts: Readonly<Record<string, unknown>> | null = null;
  await Session.with(options, async (session) => {
    requireMethod(session.member, 'reconcile');
    ensemble = session.ensemble;
    const given = session.member.facts ?? null;
    facts = given === null ? null : JSON.parse(JSON.stringify(given));
    expectThat(isDeepStrictEqual(given, facts), 'facts that are JSON', `they are ${String(given)}`);
    jobs = await submit(session);
    await session.leave();
    const ending = jobs.find((each) => each.has('exception'));
    expectThat(ending === undefined, "stop(0, 'done') to leave the jobs", `there is ${ending}`);
  });
  const before = { facts, jobs };
  await Session.with(options, (session) => goOn(session, jobs), { ensemble, before });
}

async function goOn(session: Session, before: readonly CheckedJob[]): Promise<void> {
  const { signal } = new AbortController();
  const answer = session.member.reconcile?.(signal) ?? Promise.resolve(null);
  const found = await session.within('reconcile() to resolve', answer);
  session.throwFaults();
  expectThat(found?.lost === false, 'lost to be false', `reconcile() resolved with ${JSON.stringify(found)}`);
  const known = new Set(idsOf(before));
  const added = [...session.journal.jobs.values()].find(({ id }) => !known.has(id));
  expectThat(added === undefined, 'the jobs of the earlier process only', `there is ${added}`);
  const [more] = await session.submit(quick, 1, { firing: 1000 });
  expectThat(more !== undefined && !known.has(more.id), 'a new id for a new job', `it is ${more?.id}`);
  const active = before.filter(({ ended }) => !ended);
  await session.cancel(idsOf(active), active.length);
}
