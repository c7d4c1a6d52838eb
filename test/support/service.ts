/** A service as a user starts it, in a folder of its own. */

import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAddress } from '../../src/service/address.js';
import { ServiceClient } from '../../src/service/ensembles/client.js';
import { cli, type Finished, newFolder, type Running, root, serverProgram, start } from './cli.js';

export interface TestService {
  /** $XDG_RUNTIME_DIR of all processes in this test. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly running: Running;
  /** The first that it listens on. */
  readonly address: string;
  /** Ends it by a signal and resolves with how it ended. */
  stop(signal?: NodeJS.Signals): Promise<Finished>;
  /** Runs `ensemble` with this service as its own. */
  cli(...args: string[]): Promise<Finished>;
  /** Starts `ensemble`, the same way. */
  start(...args: string[]): Running;
  /** A client in this process, which starts faster than the command; only without a token and TLS. */
  readonly client: ServiceClient;
}

/** Resolves when it listens. */
export async function startService(args: readonly string[] = [], folder = newFolder()): Promise<TestService> {
  const env = { XDG_RUNTIME_DIR: folder, ENSEMBLE_SERVICE: '' };
  const running = start(['start', ...args], { env, program: serverProgram });
  const address = /listening on (.*)/.exec(await running.printed('listening on'))?.[1] ?? '';
  const run = (...command: string[]) => cli(command, { env });
  const client = new ServiceClient({ address: parseAddress(address), insecure: true });
  return {
    folder,
    env,
    running,
    address,
    stop: (signal = 'SIGTERM') => {
      client.close();
      running.process.kill(signal);
      return running.finished;
    },
    cli: run,
    start: (...command) => start(command, { env }),
    client,
  };
}

/** The objects of `--json`, one a line. */
export function jsonOf<T>({ stdout, stderr, status }: Finished): T[] {
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as T);
}

/** Certificates and keys (see test/fixtures/tls), with keys that only their owner can read. */
export function tlsFiles(
  folder: string,
): Record<'ca' | 'server' | 'alice' | 'stranger', { cert: string; key: string }> {
  const file = (name: string) => {
    const path = join(folder, name);
    copyFileSync(join(root, 'test/fixtures/tls', name), path);
    chmodSync(path, 0o600);
    return path;
  };
  const pair = (name: string) => ({ cert: file(`${name}.pem`), key: file(`${name}.key`) });
  return {
    ca: { cert: file('ca.pem'), key: '' },
    server: pair('server'),
    alice: pair('alice'),
    stranger: pair('stranger'),
  };
}
