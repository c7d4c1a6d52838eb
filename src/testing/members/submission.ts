/** Checks of submissions, and of the records of jobs that nothing disturbs. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expectThat, type MemberCheckOptions, type NamedCheck } from './check.js';
import { withFolder } from './folder.js';
import { Session } from './session.js';
import { job, quick, script } from './template.js';

const parameters = { temperature: 300, label: 'a "b" é \\ {{c}}', on: true };

export const submissionChecks: readonly NamedCheck[] = [
  {
    name: 'the records begin with the sentinel',
    check: (options) => Session.with(options, async () => {}),
  },
  {
    name: 'the events of a job come in order, from submit to clean',
    check: (options) =>
      Session.with(options, async (session) => {
        for (const each of await session.run(quick, 3)) {
          const status = each.event('finish')?.context.status;
          expectThat(status === 0, 'a finish event with status 0 for `true`', `${each} has ${status}`);
        }
      }),
  },
  {
    name: 'the jobspec of a submit event shows the group, the run, the origin and the parameters',
    check: (options) =>
      Session.with(options, async (session) => {
        const template = job(['true'], {
          ...{ group: 'group "2"', entry: 4, parameters },
          attributes: { user: { note: 'mine' } },
        });
        const origin = { rule: 3, firing: 7, part: 2, index: 5, attempt: 1 };
        const jobs = await session.submit(template, 2, origin);
        for (const [i, { id, user }] of jobs.entries()) {
          const { origin: found, ...others } = user;
          const { texts: _, values: __, ...short } = found as Record<string, unknown>;
          const expected = { group: 'group "2"', ensemble: session.ensemble, parameters, note: 'mine' };
          for (const [key, value] of Object.entries(expected))
            expectEqual(`attributes.user.${key} of job ${id}`, value, others[key]);
          expectEqual(`attributes.user.origin of job ${id}`, { ...origin, index: 5 + i, entry: 4 }, short);
        }
        await session.ended(jobs);
      }),
  },
  {
    name: 'submit() resolves after the submit events of its jobs, also when calls overlap',
    check: (options) =>
      Session.with(options, async (session) => {
        const calls = Array.from({ length: 5 }, (_, i) => session.submit(quick, i + 1));
        await session.ended((await Promise.all(calls)).flat());
      }),
  },
  {
    name: 'a job runs with its arguments, variables, working directory and files',
    check: (options) => withFolder((workdir) => checkProgram(options, workdir)),
  },
];

async function checkProgram(options: MemberCheckOptions, workdir: string): Promise<void> {
  const text = 'printf "%s\\n" "$0" "$1" "$CHECKED" "$(pwd -P)"; echo complaint >&2';
  const { command } = script(text);
  const template = job([...command, 'two  words', '$HOME'], {
    ...{ workdir, environment: { CHECKED: 'a=b "c"' } },
    ...{ output: 'out.txt', error: 'error.txt' },
  });
  await Session.with(options, async (session) => {
    await session.run(template);
    const expected = { 'out.txt': `two  words\n$HOME\na=b "c"\n${workdir}\n`, 'error.txt': 'complaint\n' };
    for (const [file, content] of Object.entries(expected)) {
      const found = await readFile(join(workdir, file), 'utf8').catch((error: Error) => error.message);
      expectEqual(`${file} of a job that has ended`, content, found);
    }
  });
}

function expectEqual(what: string, expected: unknown, found: unknown): void {
  const text = (value: unknown) => JSON.stringify(value) ?? 'missing';
  expectThat(isDeepStrictEqual(found, expected), `${what} to be ${text(expected)}`, `it is ${text(found)}`);
}
