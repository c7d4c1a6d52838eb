/** Messages reach their targets although these fail, answer late or never. */

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EnsembleError } from '../../../src/errors.js';
import type { Channel, Message, NotifyTarget } from '../../../src/model/notification.js';
import { NotDelivered } from '../../../src/notify/attempt.js';
import { attempt } from '../../../src/notify/deliver.js';
import { envelopeOf } from '../../../src/notify/envelope.js';
import { retryAfter } from '../../../src/notify/http.js';
import { Notifier, sendOnce } from '../../../src/notify/notifier.js';
import { References } from '../../../src/notify/references.js';
import { newFolder } from '../../support/cli.js';
import { accept, keepingProgram, smtpSink, webSink } from '../../support/sinks.js';

const run = { id: 'study-1', name: 'study', file: null, host: 'node1' };

const message = (text: string, more: Partial<Message> = {}): Message => ({
  kind: 'failure',
  title: 'a title',
  text,
  details: { group: 'a' },
  ...more,
});

const target = (channel: Partial<Channel> & Pick<Channel, 'kind'>, more: Partial<NotifyTarget> = {}) =>
  ({
    name: 'ops',
    channel: { token: null, from: null, sendmail: null, smtp: null, user: null, password: null, ...channel },
    on: ['end'],
    title: null,
    text: null,
    every: 0,
    timeout: 5,
    ...more,
  }) as NotifyTarget;

function notifier(of: NotifyTarget) {
  const problems: EnsembleError[] = [];
  const made = new Notifier([of], {
    run,
    problem: (error) => problems.push(error),
    firstDelay: 0.01,
  });
  return { made, problems, messages: () => problems.map((problem) => problem.message) };
}

async function refusedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe('attempts', () => {
  test('a message is sent again after errors of the server, with the same id', async () => {
    const sink = await webSink((response, count) =>
      response.writeHead([503, 429, 200][count - 1] ?? 200, count === 2 ? { 'retry-after': '0' } : {}).end(),
    );
    const { made, problems } = notifier(target({ kind: 'webhook', url: `${sink.url}/hook` }));
    expect(await made.post('ops', message('one'), null)).toBe(true);
    await made.close(5);
    expect(problems).toEqual([]);
    const events = sink.received.map(({ body }) => JSON.parse(body));
    expect(events.map(({ id }) => id)).toEqual(Array(3).fill(events[0].id));
    expect(events[0]).toMatchObject({
      specversion: '1.0',
      source: '/flux-ensemble/node1/study-1',
      type: 'flux-ensemble.run.failure',
      subject: 'study',
      data: { kind: 'failure', title: 'a title', text: 'one', more: 0, group: 'a', run },
    });
    expect(Number.isNaN(Date.parse(events[0].time))).toBe(false);
    expect(sink.received[0]?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  });

  test('a status that says the request is wrong is final, and is reported once', async () => {
    const sink = await webSink((response) => response.writeHead(404).end());
    const { made, messages } = notifier(target({ kind: 'webhook', url: sink.url }));
    expect(await made.post('ops', message('one'), null)).toBe(true);
    expect(await made.post('ops', message('two'), null)).toBe(true);
    await made.close(5);
    expect(sink.received.length).toBe(2);
    expect(messages()).toEqual(["notify target 'ops': 2 of 2 messages not delivered: HTTP status 404"]);
  });

  describe('by the proxy of the environment', () => {
    afterEach(() => vi.unstubAllEnvs());
    const sent = async (url: string) => {
      const { made, messages } = notifier(target({ kind: 'webhook', url }));
      await made.post('ops', message('one'), null);
      await made.close(5);
      return messages();
    };

    test('reach a server that only the proxy reaches, and others without it', async () => {
      const [proxy, direct] = [await webSink(accept), await webSink(accept)];
      // The scheme may be missing, as for curl.
      vi.stubEnv('http_proxy', proxy.url.replace('http://', ''));
      vi.stubEnv('NO_PROXY', 'node1.invalid, 127.0.0.1');
      expect(await sent('http://hooks.invalid/hook')).toEqual([]);
      expect(await sent(direct.url)).toEqual([]);
      expect(proxy.received.map(({ path, headers }) => [path, headers.host])).toEqual([
        ['http://hooks.invalid/hook', 'hooks.invalid'],
      ]);
      expect(JSON.parse(proxy.received[0]?.body ?? '')).toMatchObject({ data: { text: 'one' } });
      expect(direct.received.length).toBe(1);
    });

    test('go through a tunnel to a server with TLS', async () => {
      const asked: string[] = [];
      const proxy = createServer().on('connect', (request, socket) => {
        asked.push(`${request.method} ${request.url}`);
        socket.end('HTTP/1.1 200 OK\r\n\r\nnot TLS');
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
      const [text] = await sent('https://hooks.invalid/hook');
      proxy.close();
      expect(asked[0]).toBe('CONNECT hooks.invalid:443');
      expect(text).toMatch(/1 of 1 message not delivered: .*\(5 attempts\)$/);
    });

    test('fail at once for another kind of proxy, whose password stays secret', async () => {
      vi.stubEnv('ALL_PROXY', 'socks5://user:secret@127.0.0.1:9');
      const text = (await sent('https://hooks.invalid/hook')).join();
      expect(text).toMatch(/proxy for https:\/\/, which is not the URL of an HTTP proxy/);
      expect(text).not.toMatch(/secret|attempts/);
    });
  });

  test('a refused connection is tried five times', async () => {
    const { made, messages } = notifier(target({ kind: 'webhook', url: await refusedUrl() }));
    await made.post('ops', message('one'), null);
    await made.close(5);
    expect(messages()[0]).toMatch(/1 of 1 message not delivered: .*ECONNREFUSED.*\(5 attempts\)$/);
  });

  test('the end waits for a receiver that does not answer no longer than it may', async () => {
    const sink = await webSink(() => {});
    const { made, messages } = notifier(target({ kind: 'webhook', url: sink.url }));
    const first = made.post('ops', message('one'), null);
    const second = made.post('ops', message('two'), null);
    await made.close(0.1);
    expect(await Promise.all([first, second])).toEqual([false, false]);
    expect(messages()[0]).toBe(
      "notify target 'ops': 2 of 2 messages not delivered: no answer; the run has ended",
    );
  });

  test('an attempt has a time limit', async () => {
    const sink = await webSink((response, count) => count > 1 && accept(response));
    const { made, problems } = notifier(target({ kind: 'webhook', url: sink.url }, { timeout: 0.1 }));
    expect(await made.post('ops', message('one'), null)).toBe(true);
    await made.close(5);
    expect(problems).toEqual([]);
    expect(sink.received.length).toBe(2);
  });

  test.each([
    ['7', 7],
    [new Date(60_000).toUTCString(), 30],
    ['soon', null],
    [null, null],
  ])('Retry-After %j asks for %j seconds', (value, seconds) => {
    expect(retryAfter(value, 30_000)).toBe(seconds);
  });
});

describe('many messages', () => {
  test('1,000 of one kind in a burst become two', async () => {
    const sink = await webSink(accept);
    const { made, problems } = notifier(target({ kind: 'webhook', url: sink.url }, { every: 60 }));
    const done = Array.from({ length: 1000 }, (_, i) => made.post('ops', message(`job ${i}`), 'failure'));
    const other = made.post('ops', message('end', { kind: 'end' }), null);
    await made.close(5);
    expect(new Set(await Promise.all([...done, other]))).toEqual(new Set([true]));
    expect(sink.received.map(({ body }) => JSON.parse(body).data.text).sort()).toEqual([
      'end',
      'job 0',
      'job 1\n(and 998 more)',
    ]);
    expect(problems).toEqual([]);
  });

  test('those without room are dropped and counted', async () => {
    const sink = await webSink(accept);
    const { made, messages } = notifier(target({ kind: 'webhook', url: sink.url }));
    for (let i = 0; i < 150; i++) void made.post('ops', message(`job ${i}`), 'failure');
    await made.close(5);
    // The first one is on its way and does not wait.
    expect(sink.received.length).toBe(101);
    expect(messages()).toEqual([
      "notify target 'ops': 49 of 150 messages not delivered: the messages came faster than the target took them; 49 of them were dropped, because 100 waited",
    ]);
  });
});

describe('channels', () => {
  test('Slack, Teams and ntfy get their forms', async () => {
    const sink = await webSink(accept);
    for (const kind of ['slack', 'teams', 'ntfy'] as const) {
      const to = target({ kind, url: `${sink.url}/${kind}` });
      expect(await sendOnce(to, run, message('a < b', { title: 'größer' }))).toBe('HTTP status 204');
    }
    const [slack, teams, ntfy] = sink.received;
    expect(JSON.parse(slack?.body ?? '')).toEqual({ text: '*größer*\na &lt; b' });
    const [card] = JSON.parse(teams?.body ?? '').attachments;
    expect(card.content.body.map(({ text }: { text: string }) => text)).toEqual(['größer', 'a < b']);
    expect(ntfy?.body).toBe('a < b');
    expect(ntfy?.headers.title).toBe(`=?UTF-8?B?${Buffer.from('größer').toString('base64')}?=`);
  });

  test('a program gets the event, and sendmail a mail whose headers no text can end', async () => {
    const folder = newFolder();
    const keep = keepingProgram(folder);
    await sendOnce(target({ kind: 'program', command: [keep, 'a b'] }), run, message('one'));
    expect(JSON.parse(readFileSync(join(folder, 'input'), 'utf8')).data.text).toBe('one');
    writeFileSync(join(folder, 'input'), '');
    const to = target({ kind: 'email', to: ['a@site.org', 'b@site.org'], sendmail: keep });
    await sendOnce(to, run, message('größer', { title: 'hello\r\nBcc: c@site.org' }));
    expect(readFileSync(join(folder, 'args'), 'utf8')).toBe('a b\n-i -t\n');
    const [head = '', body = ''] = readFileSync(join(folder, 'input'), 'utf8').split('\n\n');
    expect(head).toContain('To: a@site.org, b@site.org\nSubject: hello Bcc: c@site.org\n');
    expect(Buffer.from(body, 'base64').toString()).toBe('größer\n\n-- \nrun study (study-1) on node1\n');
  });

  test('a mail goes by SMTP', async (context) => {
    await import('nodemailer' as string).catch(() => context.skip('nodemailer is not installed'));
    process.env.SMTP_PASSWORD_OF_TEST = 'open sesame';
    const sink = await smtpSink();
    const to = target({
      kind: 'email',
      to: ['a@site.org'],
      from: 'runs@site.org',
      smtp: sink.url,
      user: 'me',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
      password: '${SMTP_PASSWORD_OF_TEST}',
    });
    expect(await sendOnce(to, run, message('by SMTP'))).toBe('250 kept');
    expect(sink.lines).toContain('Subject: a title');
    expect(sink.lines).toContain('by SMTP');
    const auth = sink.lines.find((line) => line.startsWith('AUTH PLAIN '))?.slice('AUTH PLAIN '.length) ?? '';
    expect(Buffer.from(auth, 'base64').toString()).toBe('\0me\0open sesame');
  });

  test('a mail by SMTP is not sent after the end of the time for it', async (context) => {
    await import('nodemailer' as string).catch(() => context.skip('nodemailer is not installed'));
    const sink = await smtpSink();
    const to = target({ kind: 'email', to: ['a@site.org'], smtp: sink.url });
    const envelope = envelopeOf(run, message('late'), 0, Date.now());
    const sent = attempt(to, envelope, new References('/'), AbortSignal.abort());
    await expect(sent).rejects.toThrow(NotDelivered);
    expect(sink.lines).toEqual([]);
  });

  test('a failing program is quoted without the secrets that it printed', async () => {
    const sink = await webSink((response) => response.writeHead(500).end());
    process.env.HOOK_OF_TEST = `${sink.url}/services/T0P53CR3T`;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
    const failed = sendOnce(target({ kind: 'slack', url: '${HOOK_OF_TEST}' }), run, message('one'));
    await expect(failed).rejects.toThrow(/^HTTP status 500$/);
    process.env.HOOK_OF_TEST = 'T0P53CR3T\u0001';
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
    const refused = target({ kind: 'webhook', url: sink.url, token: '${HOOK_OF_TEST}' });
    const reason = await sendOnce(refused, run, message('one')).catch((error: Error) => error.message);
    expect(reason).not.toContain('T0P53CR3T');
  });
});
