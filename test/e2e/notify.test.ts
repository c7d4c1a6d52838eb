/** Notifications of runs, as users meet them on the command line. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, eventually, jsonLines, newFolder, start } from '../support/cli.js';
import { accept, webSink } from '../support/sinks.js';

const SECRET = 'hidden-T0P53CR3T';

/** The files of a folder that have a text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

/** A folder with a file for the ensemble. */
function place(yaml: string) {
  const folder = newFolder();
  const file = join(folder, 'study.yaml');
  writeFileSync(file, yaml);
  const state = join(folder, 'state');
  return { folder, file, state, options: { cwd: folder, env: { XDG_STATE_HOME: state, HOOK: '' } } };
}

describe.concurrent('notifications', () => {
  test('a run sends its failures, its states, messages of rules and its end, and keeps no secret', async () => {
    const sink = await webSink((response, _count, path) =>
      path.startsWith('/bad') ? response.writeHead(403).end() : accept(response),
    );
    const { folder, file, state, options } = place(`
notify:
  - webhook: \${HOOK}
    token: file:token
    on: [end, failure, state, problem]
    title: '{{title}} ({{state}})'
    text: '{{text}} {{metrics.count.a.submitted}}'
  - {name: bad, slack: '\${BAD}', on: [end, failure]}
states: [first, second]
jobs:
  - {name: a, command: sh -c 'exit 3', count: 3}
rules:
  - {trigger: start, action: {name: submit, label: a, goto: second}}
  - trigger: job-finish
    name: a
    action: {name: notify, label: webhook, text: 'status {{event.status}}', repetitions: 3}
`);
    writeFileSync(join(folder, 'token'), `${SECRET}\n`, { mode: 0o600 });
    const env = { ...options.env, HOOK: `${sink.url}/${SECRET}`, BAD: `${sink.url}/bad/${SECRET}` };
    const finished = await cli(['run', '--json', file], { ...options, env });
    expect(finished.status).toBe(1);
    const messages = sink.received
      .filter(({ path }) => path === `/${SECRET}`)
      .map(({ body }) => JSON.parse(body).data);
    const of = (kind: string) => messages.filter((message) => message.kind === kind);
    expect(of('state')).toMatchObject([{ title: 'study: state second (second)', state: 'second' }]);
    expect(of('failure')).toMatchObject([{ group: 'a', reason: 'exit status 3' }]);
    // Three firings within a minute are two messages.
    expect(of('action').map(({ text }) => text)).toEqual(['status 3', 'status 3\n(and 1 more)']);
    expect(of('end')).toMatchObject([{ end: 'idle', jobs: 3, failed: 3 }]);
    expect(of('end')[0].text).toMatch(
      / has ended after [\d.]+ s: 3 jobs, 3 failed\.\n3 of a: exit status 3 3$/,
    );
    // The targets' own failures are not sent.
    expect(of('problem')).toEqual([]);
    expect(sink.received[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
    const problems = jsonLines(finished).lines.filter(({ type }) => type === 'problem');
    expect(problems).toMatchObject([
      { code: 'ERR_NOTIFY', message: "notify target 'bad': 2 of 2 messages not delivered: HTTP status 403" },
    ]);
    expect(finished.stdout + finished.stderr).not.toContain(SECRET);
    expect(filesWith(state, SECRET)).toEqual([]);
    expect(filesWith(state, 'webhook').length).toBeGreaterThan(0);
  });

  test('a resumed run sends messages of rules that were not delivered, and no others', async () => {
    let open = false;
    const sink = await webSink((response, _count, path) => {
      if (path !== '/slow' || open) accept(response);
    });
    const { folder, file, state, options } = place(`
notify:
  - {name: quick, webhook: '${sink.url}/quick', on: [end, resumed]}
  - {name: slow, webhook: '${sink.url}/slow', on: []}
jobs:
  - {name: a, command: sh -c 'until test -e seen; do sleep 0.05; done'}
  - {name: b, command: sh -c 'until test -e go; do sleep 0.05; done'}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b}}
  - {trigger: start, action: {name: notify, label: quick, text: delivered}}
  - {trigger: start, action: {name: notify, label: slow, text: late}}
  - {trigger: job-finish, name: a, action: {name: notify, label: quick, text: after}}
`);
    const texts = (wanted: string) =>
      sink.received
        .filter(({ path }) => path === wanted)
        .map(({ body }) => JSON.parse(body).data)
        .map(({ kind, text }) => (kind === 'action' ? text : kind));
    const first = start(['run', file], options);
    await eventually(() => texts('/quick').length === 1 && texts('/slow').length === 1, 'both are sent');
    writeFileSync(join(folder, 'seen'), '');
    // The log has the firing, and the note about the first message before it.
    await eventually(() => texts('/quick').includes('after'), 'the job has ended');
    first.process.kill('SIGKILL');
    await first.finished;
    open = true;
    writeFileSync(join(folder, 'go'), '');
    const [run = ''] = readdirSync(join(state, 'flux-ensemble', 'runs'));
    expect(await cli(['resume', run], options)).toMatchObject({ status: 0 });
    // The note about the latest message may be missing.
    expect(texts('/quick').filter((text) => text !== 'after')).toEqual(['delivered', 'resumed', 'end']);
    expect(texts('/slow')).toEqual(['late', 'late']);
  });

  test('a receiver that hangs holds neither the jobs nor, for long, the end', async () => {
    const sink = await webSink(() => {});
    const { file, options } = place(
      `
notify:
  - {webhook: '${sink.url}', on: [state, end]}
states: [one, two]
jobs:
  - {name: a, command: 'true'}
rules:
  - {trigger: start, action: {goto: two}}
  - {trigger: state, name: two, action: {name: submit, label: a}}
`,
    );
    const finished = await cli(['run', '--json', '--notify-wait', '1', file], options);
    expect(finished).toMatchObject({ status: 0 });
    const { lines, summary } = jsonLines(finished);
    expect(summary.groups.a?.count.success).toBe(1);
    expect(lines.filter(({ type }) => type === 'problem').length).toBe(1);
  });

  test('`ensemble notify` says what happened to each message, and never shows a secret', async () => {
    const sink = await webSink(accept);
    const { folder, file, options } = place(`
notify:
  - {name: good, webhook: '${sink.url}'}
  - {name: open, webhook: '${sink.url}', token: 'file:token'}
  - {name: unset, teams: '\${NO_SUCH_VARIABLE}'}
jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
    writeFileSync(join(folder, 'token'), SECRET, { mode: 0o644 });
    const all = await cli(['notify', file], options);
    expect(all.status).toBe(1);
    expect(all.stdout.trim().split('\n').sort()).toEqual([
      'good (webhook): delivered: HTTP status 204',
      `open (webhook): not delivered: '${join(folder, 'token')}' has a secret and the mode 0644: run chmod 600 for it`,
      'unset (teams): not delivered: the environment has no variable NO_SUCH_VARIABLE',
    ]);
    const one = await cli(['notify', file, '--target', 'god'], options);
    expect(one).toMatchObject({ status: 2, stdout: '' });
    expect(one.stderr).toContain("has no target 'god'; did you mean 'good'?");
  });
});
