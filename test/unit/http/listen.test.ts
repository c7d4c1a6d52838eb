/** The listener of the HTTP API: slow and silent connections, and certificates. */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpListener, type HttpOptions } from '../../../src/api/listen.js';
import { LiveSource } from '../../../src/api/sources/live.js';
import type { ServiceAddress } from '../../../src/service/address.js';
import { Audit } from '../../../src/service/audit.js';
import { newFolder } from '../../support/cli.js';
import { http } from '../../support/http.js';
import { tlsFiles } from '../../support/service.js';
import { FakeEnsemble } from './fake.js';

const open: HttpListener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close()));
});

async function listener(options: Partial<HttpOptions> & { address: ServiceAddress }): Promise<HttpListener> {
  const opened = await HttpListener.open({
    source: new LiveSource(new FakeEnsemble(), { version: '0' }),
    audit: () => new Audit(join(newFolder(), 'audit'), () => {}),
    log: () => {},
    version: '0',
    ...options,
  });
  open.push(opened);
  return opened;
}

const socketIn = (folder: string) => ({ kind: 'unix', path: join(folder, 'http.sock') }) as const;
const anyPort = { kind: 'tcp', host: 'localhost', port: 0 } as const;

/** Sends bytes, and resolves with the answer when the other side has closed. */
function untilClosed(path: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path, () => socket.write(bytes));
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

describe('a listener', () => {
  test('closes connections that send their headers slowly, or nothing', async () => {
    const address = socketIn(newFolder());
    const limits = { headersTimeout: 0.2, requestTimeout: 0.4, admissionTimeout: 3 };
    await listener({ address, limits });
    const slow = await untilClosed(address.path, 'GET /api/v1/ensembles HTTP/1.1\r\nhost: localh');
    expect(slow).toMatch(/^HTTP\/1\.1 408 |^$/);
    const body = 'POST /api/v1/ensembles/study/actions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n';
    expect(await untilClosed(address.path, `${body}content-type: application/json\r\n\r\n{`)).toMatch(
      / 408 |^$/,
    );
    expect(await untilClosed(address.path, '')).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect((await http({ socketPath: address.path }, '/ensembles')).status).toBe(200);
  });

  test('limits connections, and closes the oldest one without a call first', async () => {
    const address = socketIn(newFolder());
    await listener({ address, limits: { maxConnections: 3 } });
    const silent = Array.from({ length: 3 }, () => untilClosed(address.path, ''));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await http({ socketPath: address.path }, '/ensembles')).status).toBe(200);
    expect(await Promise.race(silent)).toBe('');
  });

  test('keeps connections with an admitted call, also long ones', async () => {
    const { ca, server } = tlsFiles(newFolder());
    const limits = { admissionTimeout: 0.5 };
    const socket = socketIn(newFolder());
    await listener({ address: socket, limits });
    const { address } = await listener({
      ...{ address: anyPort, limits, insecure: true, names: ['proxy.example.org'] },
      tls: { cert: server.cert, key: server.key, ca: null },
    });
    const { port } = address as { port: number };
    const request = (host: string) => `GET /api/v1/ensembles/study/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
    const sockets = [
      connect(socket.path),
      connectTls({ port, host: 'localhost', ca: readFileSync(ca.cert) }),
    ];
    const [local, remote] = sockets;
    local?.write(request('localhost'));
    remote?.write(request('proxy.example.org'));
    const seen = sockets.map((each) => {
      const all = { text: '', closed: false };
      each.on('data', (data) => {
        all.text += data;
      });
      each.on('close', () => {
        all.closed = true;
      });
      return all;
    });
    await new Promise((resolve) => setTimeout(resolve, 1600));
    expect(seen.map(({ text, closed }) => [/event: state/.test(text), closed])).toEqual([
      [true, false],
      [true, false],
    ]);
    for (const each of sockets) each.destroy();
  });

  test('limits the calls of a caller', async () => {
    const address = socketIn(newFolder());
    await listener({ address, limits: { callsPerSecond: 0.1, callsAtOnce: 3 } });
    const target = { socketPath: address.path };
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await http(target, '/ensembles'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.json).toMatchObject({
      code: 'ERR_BUSY',
      detail: expect.stringContaining('too many calls'),
    });
  });

  test('knows callers by their certificates, and itself by the names of its own', async () => {
    const { ca, server, alice, stranger } = tlsFiles(newFolder());
    const audit: Record<string, string>[] = [];
    const path = join(newFolder(), 'audit');
    const { address } = await listener({
      address: anyPort,
      tls: { cert: server.cert, key: server.key, ca: ca.cert },
      audit: () => new Audit(path, () => {}),
    });
    const { port } = address as { port: number };
    const head = 'POST /api/v1/ensembles/study/actions HTTP/1.1\r\ncontent-type: application/json\r\n';
    const act = (own: { cert: string; key: string } | null, host: string) =>
      new Promise<string>((resolve) => {
        const shown = own === null ? {} : { cert: readFileSync(own.cert), key: readFileSync(own.key) };
        const socket = connectTls({ port, host: 'localhost', ca: readFileSync(ca.cert), ...shown });
        socket.write(`${head}host: ${host}\r\ncontent-length: 16\r\n\r\n{"name":"pause"}`);
        socket.on('error', () => {});
        socket.on('close', () => resolve('refused'));
        socket.on('data', (data) => {
          resolve(String(data).slice(9, 12));
          socket.destroy();
        });
      });
    expect(await act(alice, 'localhost')).toBe('200');
    expect(await act(alice, 'evil.example.org')).toBe('421');
    expect(await act(stranger, 'localhost')).toBe('refused');
    expect(await act(null, 'localhost')).toBe('refused');
    for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) audit.push(JSON.parse(line));
    expect(audit).toMatchObject([{ call: 'Act', who: 'certificate:alice', result: 'done' }]);
  });

  test('refuses TCP without credentials', async () => {
    await expect(listener({ address: anyPort, prefix: '--http-' })).rejects.toMatchObject({
      code: 'ERR_INSECURE',
      message: expect.stringContaining('--http-token-file FILE'),
    });
  });
});
