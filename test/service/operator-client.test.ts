/** The client that asks for nodes, when the service is not there, is slow, or is lost in the middle. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ClusterBackend, ResizeAnswer } from '../../src/service/operator/backend.js';
import { OperatorClient } from '../../src/service/operator/client.js';
import { operatorService } from '../../src/service/operator/handlers.js';
import { ServiceServer } from '../../src/service/server.js';
import { newFolder } from '../support/cli.js';
import { tlsFiles } from '../support/service.js';
import { startOperator } from './operator-server.js';

/** A cluster of 2 nodes that does what it is asked, after `before`. */
function cluster(before: () => Promise<void> = async () => {}): ClusterBackend & { size: number } {
  const backend = {
    size: 2,
    status: async () => ({}),
    resize: async ({ delta }: { delta: number }): Promise<ResizeAnswer> => {
      const before_ = backend.size;
      backend.size += delta;
      await before();
      return { before: before_, asked: backend.size, after: backend.size, limits: null, message: 'done' };
    },
  };
  return backend;
}

const target = { name: 'lammps', namespace: null };

test('the client waits for a service that is starting', async () => {
  const path = join(newFolder(), 'socket');
  const client = new OperatorClient({ ...target, address: { kind: 'unix', path } });
  const asked = client.resize(1);
  const server = new ServiceServer({
    services: (audit, log) => [operatorService({ backend: cluster(), audit, log, workers: 1 })],
    auditFile: join(newFolder(), 'audit'),
  });
  // After the first try.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await server.listen({ address: { kind: 'unix', path } });
  expect(await asked).toEqual({ before: 2, after: 3, note: 'done' });
  client.close();
  await server.close();
});

test('a request whose connection is lost is repeated, and performed once', async () => {
  const connections: Socket[] = [];
  let calls = 0;
  const backend = cluster(async () => {
    // The answer finds no way back.
    if (++calls === 1) for (const socket of connections) socket.destroy();
  });
  const service = await startOperator(backend);
  const { address } = service;
  if (address.kind !== 'tcp') throw new Error('no TCP');
  const proxy = createServer((socket) => {
    const onward = connect(address.port, address.host);
    connections.push(socket, onward);
    for (const end of [socket, onward]) end.on('error', () => {});
    socket.pipe(onward).pipe(socket);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const through = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const client = new OperatorClient({ ...target, address: through, insecure: true });
  expect(await client.resize(1)).toEqual({ before: 2, after: 3, note: 'done' });
  expect([connections.length, calls, backend.size]).toEqual([4, 1, 3]);
  client.close();
  proxy.close();
  await service.close();
});

test('a missing service is reported', async () => {
  const address = { kind: 'unix', path: join(newFolder(), 'socket') } as const;
  const client = new OperatorClient({ ...target, address, backoff: 20 });
  await expect(client.resize(1)).rejects.toMatchObject({
    code: 'ERR_SERVICE_UNREACHABLE',
    message: `no service can be reached at unix:${address.path}: connect ENOENT ${address.path}`,
  });
  client.close();
});

test('a missing answer is reported', async () => {
  let release = () => {};
  const service = await startOperator(
    cluster(
      () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    ),
  );
  const client = new OperatorClient({ ...target, address: service.socket, timeout: 500 });
  await expect(client.resize(1)).rejects.toMatchObject({
    code: 'ERR_SERVICE',
    message: expect.stringMatching(/did not answer in time; the result of the request is unknown$/),
  });
  release();
  client.close();
  await service.close();
});

test('an aborted request ends at once', async () => {
  const controller = new AbortController();
  const service = await startOperator(
    cluster(() => {
      controller.abort();
      return new Promise((resolve) => setTimeout(resolve, 100));
    }),
  );
  const client = new OperatorClient({ ...target, address: service.socket });
  await expect(client.resize(1, controller.signal)).rejects.toMatchObject({ code: 'ERR_SERVICE' });
  client.close();
  await service.close();
});

test('another gRPC server is reported', async () => {
  const address = { kind: 'unix', path: join(newFolder(), 'socket') } as const;
  const server = new ServiceServer({ services: () => [], auditFile: join(newFolder(), 'audit') });
  await server.listen({ address });
  const client = new OperatorClient({ ...target, address });
  await expect(client.resize(1)).rejects.toThrow(/is not a service for ensembles/);
  client.close();
  await server.close();
});

describe('TLS with IP addresses', () => {
  const folder = newFolder();
  const { ca, server: pair } = tlsFiles(folder);

  async function resizeAt(host: string): Promise<unknown> {
    const server = new ServiceServer({
      services: (audit, log) => [operatorService({ backend: cluster(), audit, log, workers: 1 })],
      auditFile: join(folder, 'audit'),
      log: () => {},
    });
    const tls = { ...pair, ca: null };
    const address = await server.listen({ address: { kind: 'tcp', host, port: 0 }, tls, insecure: true });
    const client = new OperatorClient({
      ...target,
      address,
      tls: { ca: ca.cert, cert: null, key: null },
      backoff: 20,
    });
    try {
      return await client.resize(1);
    } finally {
      client.close();
      await server.close();
    }
  }

  test('accepts a certificate for the address without a warning of Node', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error) => warnings.push(warning);
    process.on('warning', hear);
    expect(await resizeAt('127.0.0.1')).toMatchObject({ after: 3 });
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  test('refuses a certificate for another address', async () => {
    await expect(resizeAt('127.0.0.2')).rejects.toMatchObject({
      code: 'ERR_SERVICE_UNREACHABLE',
      message: expect.stringContaining("IP: 127.0.0.2 is not in the cert's list"),
    });
  });
});
