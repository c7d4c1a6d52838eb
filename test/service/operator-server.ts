/** A service of a test's own that answers EnsembleOperator. */

import { join } from 'node:path';
import { formatAddress, type ServiceAddress } from '../../src/service/address.js';
import type { ClusterBackend, KnownRun, KnownRuns } from '../../src/service/operator/backend.js';
import { operatorService } from '../../src/service/operator/handlers.js';
import { ServiceServer } from '../../src/service/server.js';
import { newFolder } from '../support/cli.js';

export interface OperatorServer {
  readonly socket: ServiceAddress;
  /** Host and port of a listener that lets everybody in. */
  readonly target: string;
  readonly address: ServiceAddress;
  readonly logged: string[];
  close(): Promise<void>;
}

export async function startOperator(backend: ClusterBackend, workers = 10): Promise<OperatorServer> {
  const folder = newFolder();
  const logged: string[] = [];
  const server = new ServiceServer({
    services: (audit, log) => [operatorService({ backend, audit, log, workers })],
    auditFile: join(folder, 'audit'),
    log: (text) => logged.push(text),
  });
  const socket = await server.listen({ address: { kind: 'unix', path: join(folder, 'socket') } });
  const address = await server.listen({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    insecure: true,
  });
  return { socket, address, target: formatAddress(address), logged, close: () => server.close() };
}

/** A run with this number of slots, of at most `max`. */
export function knownRun(member: string, size: number, max: number): KnownRun & { size: number } {
  const run = {
    member,
    size,
    limits: { min: 1, max },
    jobs: { lammps: { running: 2 } },
    metrics: { 'mean.lammps-duration': 31.5 },
    about: { host: 'node1' },
    resize: async (delta: number) => {
      const before = run.size;
      run.size = Math.min(max, Math.max(1, before + delta));
      return { before, after: run.size };
    },
  };
  return run;
}

export function knownRuns(runs: Readonly<Record<string, KnownRun>>): KnownRuns {
  return {
    names: () => Object.keys(runs),
    find: (name) => (Object.hasOwn(runs, name) ? (runs[name] ?? null) : null),
  };
}
