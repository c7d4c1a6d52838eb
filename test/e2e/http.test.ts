/** `--http`: a run as a user reaches it over HTTP, with requests, streams and other people's attempts. */

import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/api/routes/index.js';
import { ensemblesSchema } from '../../src/api/schemas/ensemble.js';
import { cli, ensembleFile, eventually, newFolder, start } from '../support/cli.js';
import { EventClient, type SentEvent } from '../support/event-client.js';
import { type HttpRequest, http, send, type Target } from '../support/http.js';
import { asNobody, isRoot, tokenFile } from '../support/other-user.js';
import { type ServedRun, serveRun, studyOf } from '../support/served-run.js';
import { startService } from '../support/service.js';

const study = studyOf('command: "echo job-{{index}}-of-quick", count: 12');

const serve = (options: readonly string[] = [], runtime = newFolder(), state = newFolder()) =>
  serveRun(study, options, { XDG_RUNTIME_DIR: runtime, XDG_STATE_HOME: state });

/** Follows the events of the run. */
async function follow(target: Target, lastEventId?: string) {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const answer = await send(target, '/ensembles/study/events', { headers });
  const events = new EventClient(new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>));
  return { events, cut: () => answer.destroy() };
}

const finished = (number: number) => (event: SentEvent) =>
  (event.data.ensemble?.counts.finished ?? 0) >= number;

describe('a run with --http', () => {
  let served: ServedRun;
  let target: Target;
  const get = (path: string, options?: HttpRequest) => http(target, path, options);
  const act = (body: object, options?: HttpRequest) =>
    http(target, '/ensembles/study/actions', { body, ...options });

  beforeAll(async () => {
    served = await serve();
    target = served.target;
    const done = async () => (await get('/ensembles/study')).json.counts.finished === 14;
    await eventually(done, 'the jobs end');
  });
  afterAll(() => {
    served.running.process.kill('SIGKILL');
  });

  test('listens on a socket that only its user can reach, and says how to get there', async () => {
    const { line } = served;
    const socket = line.address.slice('unix:'.length);
    expect(socket).toMatch(/\/flux-ensemble\/http-[0-9a-f]{12}\.sock$/);
    expect(line.tunnel).toContain(`ssh -N -L 8080:${socket} `);
    expect([line.page, line.url]).toEqual(['http://localhost:8080/', 'http://localhost:8080/api/v1']);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    if (isRoot) expect(await asNobody(socket)).toBe('EACCES');
  });

  test('shows its counts, rules and failures', async () => {
    expect((await get('/ensembles/study')).json).toMatchObject({
      ...{ status: 'running', member: 'local', size: 2, pid: served.running.process.pid },
      counts: { submitted: 14, success: 12, failed: 2 },
      run: expect.any(String),
    });
    const { rules } = (await get('/ensembles/study/rules')).json;
    expect(rules.map(({ state }: { state: string }) => state)).toEqual([
      'exhausted',
      'exhausted',
      'inactive',
    ]);
    expect(rules[2].conditions).toEqual([
      {
        ...{ text: 'count.quick.success >= 100', holds: false, values: { 'count.quick.success': 12 } },
        bound: { metric: 'count.quick.success', comparison: '>=', threshold: 100 },
      },
    ]);
    const failures = async () => (await get('/ensembles/study/failures')).json.failures;
    await eventually(
      async () => (await failures())[0]?.reasons[0].lines.length === 1,
      'the line of a failure',
    );
    expect(await failures()).toMatchObject([
      { group: 'bad', failed: 2, jobs: 2, reasons: [{ reason: 'exit status 3', count: 2, lines: ['boom'] }] },
    ]);
    const { duration } = (await get('/ensembles/study/groups/quick/histograms')).json;
    expect(duration.buckets.reduce((sum: number, count: number) => sum + count, 0)).toBe(12);
    expect((await get('/ensembles/study/file')).text).toBe(study);
    const metrics = await get('/metrics', { base: '' });
    expect(metrics.text).toMatch(/^flux_ensemble_jobs_succeeded_total\{.*group="quick"\} 12$/m);
    expect((await get('/metrics', { base: '', headers: { host: 'evil.example.org' } })).status).toBe(421);
  });

  test('is shown by ensemble top, which needs no folder of the run', async () => {
    const top = (...args: string[]) => cli(['top', '--http', served.line.address, ...args]);
    const { stdout, stderr, status } = await top();
    expect([stderr, status]).toEqual(['', 0]);
    expect(stdout).toMatch(/^study \(\w+\), running, .*, local, 2 slots\n14 of 14 jobs done, 2 failed/);
    expect(await top('sutdy')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("the server has no run 'sutdy'; did you mean 'study'?"),
    });
    expect(await cli(['top', '--http', 'login1:8080'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('[ERR_INSECURE]'),
    });
  });

  test('has its jobs in pages, sorted or not', async () => {
    for (const sort of ['', '&sort=duration:desc']) {
      const ids: string[] = [];
      for (let cursor = ''; ; ) {
        const { json } = await get(`/ensembles/study/jobs?limit=5&columns=id,group,duration${sort}${cursor}`);
        expect(json).toMatchObject({ matching: 14, total: 14, damage: null });
        ids.push(...json.jobs.map(({ id }: { id: string }) => id));
        if (json.next === null) break;
        cursor = `&cursor=${json.next}`;
      }
      expect(ids).toHaveLength(14);
      expect(new Set(ids).size).toBe(14);
    }
    const failed = await get(
      `/ensembles/study/jobs?group=bad&result=failed&where=${encodeURIComponent('exit == 3')}`,
    );
    expect(failed.json).toMatchObject({ matching: 2, jobs: [{ group: 'bad', exit: 3 }, { exit: 3 }] });
    for (const query of ['sort=nothing', 'where=1 +', 'group=quik', 'columns=x', 'cursor=7', 'limit=1001']) {
      expect((await get(`/ensembles/study/jobs?${encodeURI(query)}`)).json).toMatchObject({
        status: 400,
        code: 'ERR_REQUEST',
      });
    }
  });

  test('has the output of a job, whole or in part', async () => {
    const { json } = await get('/ensembles/study/jobs?group=quick&where=index%3D%3D7&columns=id');
    const path = `/ensembles/study/jobs/${encodeURIComponent(json.jobs[0].id)}`;
    expect((await get(path)).json).toMatchObject({
      ...{ attempts: 1, output: { bytes: 15 }, error: { bytes: null } },
      job: { group: 'quick', result: 'completed', parameters: {} },
    });
    const whole = await get(`${path}/output`);
    expect([whole.status, whole.text]).toEqual([200, 'job-7-of-quick\n']);
    const tail = await get(`${path}/output?tail=6`);
    expect([tail.status, tail.text, tail.headers['content-range']]).toEqual([
      206,
      'quick\n',
      'bytes 9-14/15',
    ]);
    const range = await get(`${path}/output`, { headers: { range: 'bytes=4-6' } });
    expect([range.status, range.text, range.headers['content-range']]).toEqual([206, '7-o', 'bytes 4-6/15']);
    const outside = await get(`${path}/output`, { headers: { range: 'bytes=99-' } });
    expect(outside.json).toMatchObject({ status: 416, code: 'ERR_RANGE' });
    expect((await get('/ensembles/study/jobs/f111/output')).status).toBe(404);
    expect((await get('/ensembles/study/jobs/..%2F..%2Fetc/output')).status).toBe(400);
  });

  test('does what is requested, shows it, and a cut stream goes on', async () => {
    const first = await follow(target);
    const state = await first.events.next();
    expect(state).toMatchObject({
      event: 'state',
      data: { groups: [{ name: 'quick' }, { name: 'bad' }, {}] },
    });
    const done = await act({ name: 'submit', label: 'quick', value: 2 });
    expect([done.status, done.json.text]).toEqual([200, 'submitted 2 jobs of quick']);
    const seen = await first.events.until(({ event }) => event === 'firing');
    const id = seen.at(-1)?.id ?? undefined;
    first.cut();
    await act({ name: 'submit', label: 'quick', value: 1 });
    const second = await follow(target, id);
    const events = await second.events.until(({ event }) => event === 'firing');
    second.cut();
    expect(events.every(({ event }) => event !== 'state')).toBe(true);
    const asked = events.filter(({ event }) => event === 'firing').map(({ data }) => data.askedBy);
    expect(asked).toEqual([`uid:${process.getuid?.()}`]);
    expect((await act({ name: 'submit', label: 'quik' })).json).toMatchObject({
      ...{ status: 409, code: 'ERR_ACTION' },
      detail: "unknown job group 'quik'; did you mean 'quick'?",
    });
  });

  test('refuses other sites, and survives garbage', async () => {
    const { socketPath } = target as { socketPath: string };
    expect((await get('/ensembles', { headers: { host: 'evil.example.org' } })).status).toBe(421);
    const origin = { headers: { origin: 'https://evil.example.org' } };
    expect((await act({ name: 'terminate' }, origin)).json).toMatchObject({
      status: 403,
      code: 'ERR_FORBIDDEN',
    });
    const garbage = [
      'GET / HTTP/9.9\r\n\r\n',
      `GET /api/v1/ensembles HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`,
      'GET /api/v1/ensembles HTTP/1.1\r\n\r\n',
      'GET http://[::1 HTTP/1.1\r\nhost: localhost\r\n\r\n',
      'POST /api/v1/ensembles/study/actions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0]),
      Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256)),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (const bytes of garbage) {
      const answer = await new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(socketPath, () => socket.write(bytes));
        socket.on('data', (data) => {
          text += data;
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve(text));
        setTimeout(() => socket.destroy(), 300);
      });
      expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
      expect(answer).not.toMatch(/\n +at /);
    }
    expect((await get('/ensembles/study')).status).toBe(200);
  });

  test('ends its streams with the run, and keeps an audit', async () => {
    const { events } = await follow(target);
    await events.next();
    await act({ name: 'terminate' });
    const all = await events.until(({ event }) => event === 'end');
    expect(all.at(-1)?.data).toMatchObject({ status: 'ended', end: { end: 'terminated' } });
    const { status, stderr, stdout } = await served.running.finished;
    // Two jobs have failed.
    expect([status, stderr]).toEqual([1, '']);
    const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    const audit = join(summary.runFolder, 'audit.jsonl');
    expect(statSync(audit).mode & 0o777).toBe(0o600);
    const { readFileSync } = await import('node:fs');
    const lines = readFileSync(audit, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ what, result }) => [what.action, result])).toEqual([
      ['submit', 'done'],
      ['submit', 'done'],
      ['submit', 'ERR_ACTION'],
      ['terminate', 'done'],
    ]);
    expect(() => statSync((target as { socketPath: string }).socketPath)).toThrow('ENOENT');
  });
});

test('a resumed run has the same id and counts, and the same socket', async () => {
  const [runtime, state] = [newFolder(), newFolder()];
  const { running, target } = await serve([], runtime, state);
  const seen = async () => (await http(target, '/ensembles/study')).json;
  await eventually(async () => (await seen()).counts.finished === 14, 'the jobs end');
  const before = await seen();
  running.process.kill('SIGKILL');
  await running.finished;
  const env = { XDG_RUNTIME_DIR: runtime, XDG_STATE_HOME: state };
  const resumed = start(['resume', before.run, '--json', '--http'], { env });
  await resumed.printed('"type":"http"');
  await eventually(async () => (await seen()).status === 'running', 'it goes on');
  const { id, run, started, counts } = before;
  expect(await seen()).toMatchObject({ id, run, started, counts, pid: resumed.process.pid });
  const done = await http(target, '/ensembles/study/actions', { body: { name: 'terminate' } });
  expect(done.json).toMatchObject({ text: 'the run ends' });
  await resumed.finished;
});

describe('--http on TCP', () => {
  test('needs a token, certificates or --http-insecure', async () => {
    const refused = (...args: string[]) => cli(['run', ensembleFile(study), '--no-log', ...args]);
    expect(await refused('--http', 'localhost:0')).toMatchObject({
      ...{ status: 2, stdout: '' },
      stderr: expect.stringMatching(/every user of this host.*--http-token-file FILE.*ERR_INSECURE/s),
    });
    expect(await refused('--http-token-file', 'x')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('need --http'),
    });
    expect(await refused('--http', 'no address')).toMatchObject({ status: 1 });
  });

  test('admits tokens by their role', async () => {
    const [operator, viewer] = ['a'.repeat(40), 'b'.repeat(40)];
    const file = tokenFile(
      newFolder(),
      'tokens',
      `${operator} name=alice\n${viewer} name=wall role=viewer\n`,
    );
    const { running, target, line } = await serve(['0', '--no-log', '--http-token-file', file]);
    expect(line).toMatchObject({
      tunnel: null,
      url: expect.stringMatching(/^http:\/\/localhost:\d+\/api\/v1$/),
    });
    const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    const path = '/ensembles/study/actions';
    const stranger = await http(target, '/ensembles');
    expect([stranger.status, stranger.json.code]).toEqual([401, 'ERR_UNAUTHENTICATED']);
    expect(stranger.headers['www-authenticate']).toBe('Bearer');
    expect((await http(target, '/ensembles', as('c'.repeat(40)))).status).toBe(401);
    expect((await http(target, '/metrics', { base: '' })).status).toBe(401);
    expect((await http(target, '/metrics', { base: '', ...as(viewer) })).status).toBe(200);
    expect((await http(target, '/ensembles/study/events')).status).toBe(401);
    expect((await http(target, `/ensembles?token=${operator}`)).status).toBe(401);
    expect((await http(target, '/ensembles', as(viewer))).status).toBe(200);
    expect((await http(target, '/ensembles/study/jobs', as(viewer))).json).toMatchObject({ code: 'ERR_RUN' });
    expect((await http(target, '/ensembles/study/file', as(viewer))).text).toBe(study);
    const denied = await http(target, path, { body: { name: 'terminate' }, ...as(viewer) });
    expect(denied.json).toMatchObject({ status: 403, code: 'ERR_FORBIDDEN' });
    const done = await http(target, path, { body: { name: 'terminate' }, ...as(operator) });
    expect(done.status).toBe(200);
    const { stderr, stdout } = await running.finished;
    expect(stdout).toContain('asked by token:alice');
    // Without a folder, the audit is on standard error; it never shows a token.
    expect(stderr).toContain('"who":"token:alice"');
    for (const token of [operator, viewer]) expect(stderr + stdout).not.toContain(token);
  });
});

describe('ensemble-server start --http', () => {
  test('serves all of its runs, with their rules, failures and jobs', async () => {
    const runtime = newFolder();
    const state = newFolder();
    const service = await startService(['--http', '--state', state], runtime);
    const printed = await service.running.printed('http://');
    const socketPath = /HTTP on unix:(.*)/.exec(printed)?.[1] ?? '';
    const target = { socketPath };
    const get = async (path: string) => (await http(target, path)).json;
    const args = ['--service', '--name', 'study', '--watch', '--slots', '2', '--state', state];
    const run = service.start('run', ensembleFile(study), ...args);
    const done = async () => (await get('/ensembles')).ensembles[0]?.counts.finished === 14;
    await eventually(done, 'the jobs end');
    const listed = (await get('/ensembles')).ensembles;
    expect(ensemblesSchema.parse({ ensembles: listed }).ensembles).toMatchObject([
      { name: 'study', status: 'running', size: 2, states: [], counts: { success: 12, failed: 2 } },
    ]);
    const queries: Readonly<Record<string, string>> = {
      getHeatMap: '?x=group&y=index&value=failure',
      getScatter: '?x=index&y=duration&color=pending',
    };
    for (const { method, url, answer, operation } of routes) {
      if (method !== 'get' || answer === null || url.includes('{job}')) continue;
      const path = url.replace('{ensemble}', 'study').replace('{group}', 'quick').replace('{rule}', '2');
      answer.parse(await get(`${path}${queries[operation] ?? ''}`));
    }
    expect((await get('/ensembles/study/rules')).rules[2]).toMatchObject({
      ...{
        rule: 2,
        due: 'count.quick.success >= 100',
        state: 'inactive',
        repetitionsLeft: 1,
        why: 'it was 12',
      },
      conditions: [
        { holds: false, values: { 'count.quick.success': 12 }, bound: { comparison: '>=', threshold: 100 } },
      ],
    });
    const failures = async () => (await get('/ensembles/study/failures')).failures;
    await eventually(
      async () => (await failures())[0]?.reasons[0].lines.length === 1,
      'the line of a failure',
    );
    expect(await failures()).toMatchObject([
      {
        group: 'bad',
        failed: 2,
        jobs: 2,
        reasons: [{ count: 2, exitStatus: 3, jobs: [{ line: 'boom' }, {}] }],
      },
    ]);
    const { duration } = await get('/ensembles/study/groups/quick/histograms');
    expect(duration.buckets.reduce((sum: number, count: number) => sum + count, 0)).toBe(12);
    expect(await get('/ensembles/study/jobs?group=bad&columns=id,exit')).toMatchObject({
      ...{ matching: 2, total: 14 },
      jobs: [{ exit: 3 }, { exit: 3 }],
    });
    expect((await http(target, '/ensembles/study/file')).text).toBe(study);

    const { events, cut } = await follow(target);
    expect(await events.next()).toMatchObject({ event: 'state', data: { rules: [{}, {}, {}] } });
    const act = (body: object) => http(target, '/ensembles/study/actions', { body });
    expect((await act({ name: 'submit', label: 'quick', value: 1 })).json.text).toBe(
      'submitted 1 job of quick',
    );
    await events.until(finished(15));
    expect((await act({ name: 'submit', label: 'quik' })).json).toMatchObject({
      status: 409,
      code: 'ERR_ACTION',
    });
    await act({ name: 'terminate' });
    const all = await events.until(({ event }) => event === 'end');
    expect(all.at(-1)?.data).toMatchObject({ status: 'ended', end: { end: 'terminated' } });
    cut();
    await run.finished;
    expect((await act({ name: 'pause' })).json).toMatchObject({ status: 409, code: 'ERR_RUN' });
    expect((await get('/ensembles/study')).status).toBe('ended');
    const { status, stderr } = await service.stop();
    expect(status).toBe(0);
    const acts = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ call }) => call === 'Act');
    expect(acts.map(({ result }) => result)).toEqual(['done', 'ERR_ACTION', 'done', 'ERR_RUN']);
  });

  test('gives a credential without an address to HTTP on TCP', async () => {
    const file = tokenFile(newFolder(), 'tokens', `${'a'.repeat(40)} name=alice role=viewer\n`);
    const service = await startService(['--http', '0', '--token-file', file]);
    expect(service.address).toMatch(/^unix:/);
    const port = Number(/HTTP on localhost:(\d+)/.exec(await service.running.printed('http://'))?.[1]);
    expect((await http({ port }, '/ensembles')).status).toBe(401);
    const headers = { authorization: `Bearer ${'a'.repeat(40)}` };
    expect((await http({ port }, '/ensembles', { headers })).json).toEqual({ ensembles: [] });
    await service.stop();
  });
});
