/** A service in this process, on a socket of its own, and helpers of tests. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connection } from '../../../src/service/connect.js';
import { type EnsemblesClient, ensemblesProto, type Hello } from '../../../src/service/ensembles/proto.js';
import {
  type ConnectOptions,
  ensemblesService,
  Registry,
  type RegistryOptions,
  ServiceClient,
  type ServiceLimits,
  ServiceServer,
} from '../../../src/service/index.js';

export interface LocalService {
  readonly server: ServiceServer;
  readonly registry: Registry;
  readonly to: ConnectOptions;
  readonly client: ServiceClient;
  /** The bare stub. */
  readonly stub: EnsemblesClient;
  readonly log: string[];
  close(): Promise<void>;
}

export async function localService(
  limits: Partial<ServiceLimits> = {},
  options: RegistryOptions & { tcp?: boolean; actionTimeout?: number } = {},
): Promise<LocalService> {
  const folder = mkdtempSync(join(tmpdir(), 'ensemble-test-'));
  const log: string[] = [];
  const registry = new Registry(options);
  const { actionTimeout = 60, tcp = false } = options;
  const server = new ServiceServer({
    services: (audit, say) => [
      ensemblesService({ registry, audit, log: say, interval: 0.05, actionTimeout }),
    ],
    limits,
    auditFile: join(folder, 'audit'),
    log: (text) => log.push(text),
  });
  const address = await server.listen({
    address: tcp
      ? { kind: 'tcp', host: '127.0.0.1', port: 0 }
      : { kind: 'unix', path: join(folder, 'service.sock') },
    insecure: tcp,
  });
  const to: ConnectOptions = { address, insecure: tcp };
  const client = new ServiceClient(to);
  const { target, credentials, options: channel } = connection(to);
  const stub = new (ensemblesProto().Ensembles)(target, credentials, channel);
  return {
    server,
    registry,
    to,
    client,
    stub,
    log,
    close: async () => {
      client.close();
      stub.close();
      await server.close(0.2);
    },
  };
}

export const hello = (id: string, name = id): Hello => ({
  id,
  name,
  host: 'here',
  user: 'me',
  pid: 1,
  file: '',
  member: 'test',
  started: 1,
  version: '0',
});
