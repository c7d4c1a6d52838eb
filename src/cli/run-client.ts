/** Reaches a run of this user by its private socket. */

import { hostname } from 'node:os';
import type { Client } from '../api/client/client.js';
import { EnsembleError } from '../errors.js';
import { notedSocket } from '../store/run-socket.js';
import type { StoredRun } from '../store/runs.js';
import { socketClient } from './http-target.js';

/** The path of the socket of a run that goes on. Throws EnsembleError `ERR_RUN` with the reason where it has none here. */
export function socketOf({ path, manifest }: StoredRun): string {
  const { id, host, pid } = manifest;
  const refuse = (reason: string): never => {
    throw new EnsembleError('ERR_RUN', `run ${id} can't be reached: ${reason}`);
  };
  if (host !== hostname()) return refuse(`it goes on on host ${host}; use the command there`);
  const hint = `\`ensemble jobs ${id}\` shows its jobs`;
  return notedSocket(path) ?? refuse(`its process ${pid} has opened no socket; ${hint}`);
}

/** A client of a run that goes on. The socket is looked up at each request, because a run that is resumed may have another. */
export function clientOfRun(run: StoredRun): Client {
  return socketClient(() => socketOf(run));
}
