/** Sockets of a service: a Unix socket in a folder of its owner, or TCP. */

import { lstatSync, mkdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { ServiceError } from '../errors.js';
import { makePrivateFolder } from '../store/private-folder.js';
import { formatAddress, type ServiceAddress } from './address.js';
import { withServiceErrors } from './private-files.js';

/** Whether a process listens on a Unix socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Other errors may come from a busy service.
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}

function listening(server: Server, options: { path: string } | { host: string; port: number }) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Runs the work under a lock. Two services that remove a stale socket could remove each other's. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  const forgotten = 10_000;
  for (let tries = 0; ; tries++) {
    try {
      mkdirSync(lock);
      break;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 100) {
        throw new ServiceError(`${lock} can't be created: ${(cause as Error).message}`, { cause });
      }
      const made = lstatSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (Date.now() - made > forgotten) rmdirSync(lock);
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  try {
    await work();
  } finally {
    rmdirSync(lock);
  }
}

/** Removes a socket on which no process listens, if there is one. Throws ServiceError and the system's errors. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  await withLock(path, async () => {
    if (!(await answers(path))) unlinkSync(path);
  });
}

async function listenOnSocket(server: Server, path: string): Promise<void> {
  withServiceErrors(() => makePrivateFolder(dirname(path)));
  await withLock(path, async () => {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there !== undefined) {
      if (!there.isSocket())
        throw new ServiceError(`${path} exists and is not a socket; choose another path with --socket PATH`);
      if (await answers(path)) {
        throw new ServiceError(
          `a service already listens on ${path}; end it, or choose another path with --socket PATH`,
        );
      }
      unlinkSync(path);
    }
    await listening(server, { path });
  });
}

/** Resolves with the address and its port when the server accepts connections. Throws ServiceError. */
export async function listen(server: Server, address: ServiceAddress): Promise<ServiceAddress> {
  try {
    if (address.kind === 'unix') {
      await listenOnSocket(server, address.path);
      return address;
    }
    const { host, port } = address;
    await listening(server, { host, port });
    const bound = server.address();
    return { ...address, port: typeof bound === 'object' && bound !== null ? bound.port : port };
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError(`can't listen on ${formatAddress(address)}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
