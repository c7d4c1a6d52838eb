/**
 * The lock of a run: one process at a time drives it. The lock is a file for each process that drove the run,
 * `lock.1`, `lock.2`, ...; the last one counts. A new file is linked into its place, which succeeds for one process
 * only, also on a network file system. Files are never removed, so two processes that find the same dead owner can't
 * both replace it.
 */

import { linkSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EnsembleError } from '../errors.js';
import { localMinute } from '../text/local-time.js';
import { livenessOf, ownIdentity, type ProcessIdentity, processIdentity } from './process-identity.js';
import { replaceFile, writeBeside } from './write-file.js';

const lockFile = processIdentity.extend({
  /** Seconds since the epoch. */
  since: z.number(),
  released: z.boolean(),
});

type LockFile = z.infer<typeof lockFile>;

/** A lock whose last owner has not released it. */
interface OwnedLock {
  /** `elsewhere`: this host can't find out whether the owner still runs. */
  readonly state: 'held' | 'dead' | 'elsewhere';
  readonly owner: ProcessIdentity;
  /** Seconds since the epoch. */
  readonly since: number;
  readonly path: string;
}

/** The state of a run's lock. */
export type LockState = { readonly state: 'free' } | OwnedLock;

export interface RunLock {
  /** Number of the processes that drove the run, this one included. */
  readonly epoch: number;
  /** Why the lock of another process was taken over; null where none held it. */
  readonly takenOver: string | null;
  /** Gives the lock back. Idempotent. */
  release(): void;
}

const NAME = /^lock\.(\d+)$/;
/** Attempts to take the lock while others take it too. */
const TRIES = 16;

interface Last {
  readonly number: number;
  readonly path: string;
  /** Null for a file that is not of this form. */
  readonly content: LockFile | null;
}

function lastOf(folder: string): Last | null {
  const numbers = readdirSync(folder).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
  const number = numbers.reduce((most, each) => Math.max(most, each), 0);
  if (number === 0) return null;
  const path = join(folder, `lock.${number}`);
  let content: unknown = null;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Judged below: no content is not of this form.
  }
  return { number, path, content: lockFile.safeParse(content).data ?? null };
}

function stateOf(last: Last | null): LockState {
  if (last === null || last.content?.released === true) return { state: 'free' };
  if (last.content === null) {
    const message = `${last.path} is damaged; remove it when no process drives this run`;
    throw new EnsembleError('ERR_RUN', message);
  }
  const states = { alive: 'held', dead: 'dead', unknown: 'elsewhere' } as const;
  return {
    state: states[livenessOf(last.content)],
    owner: last.content,
    since: last.content.since,
    path: last.path,
  };
}

/** Returns the state of a run's lock. Throws EnsembleError `ERR_RUN` for a damaged lock, and the system's errors. */
export function lockState(folder: string): LockState {
  return stateOf(lastOf(folder));
}

/** Throws EnsembleError `ERR_RUN` when another process drives a run, or may drive it on another host. */
export function refuseDriven(folder: string): void {
  refuse(lockState(folder));
}

function refuse(state: LockState): void {
  if (state.state === 'held' || state.state === 'elsewhere') throw refusal(state);
}

/** Creates the lock file; false where another process was faster. */
function create(path: string, content: LockFile): boolean {
  const temporary = writeBeside(path, JSON.stringify(content));
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Over NFS the answer to a successful link may be lost, and the repeated request finds the file.
    return lstatSync(temporary).nlink === 2;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function refusal({ state, owner, since, path }: OwnedLock): EnsembleError {
  const process = `process ${owner.pid} on host ${owner.host}`;
  const words =
    state === 'held'
      ? `${process} has driven this run since ${localMinute(since)}`
      : `${process} began to drive this run on ${localMinute(since)}, and may still do so: this host can't check. If it has ended, remove ${path}`;
  return new EnsembleError('ERR_RUN', words);
}

function reasonOf({ owner }: OwnedLock): string {
  const restarted = owner.boot !== ownIdentity().boot;
  const end = restarted ? `ended when ${owner.host} was restarted` : 'has ended without giving the run back';
  return `process ${owner.pid} on host ${owner.host}, which drove this run, ${end}`;
}

/**
 * Takes the lock of a run. The lock of a process that has died is taken over. Throws EnsembleError `ERR_RUN` when
 * another process holds it, or may hold it on another host, and the system's errors.
 */
export function takeLock(folder: string): RunLock {
  for (let tries = 0; tries < TRIES; tries++) {
    const last = lastOf(folder);
    const state = stateOf(last);
    refuse(state);
    const epoch = (last?.number ?? 0) + 1;
    const path = join(folder, `lock.${epoch}`);
    const content = { ...ownIdentity(), since: Date.now() / 1000, released: false };
    if (!create(path, content)) continue;
    let released = false;
    return {
      epoch,
      takenOver: state.state === 'dead' ? reasonOf(state) : null,
      release() {
        if (released) return;
        released = true;
        replaceFile(path, JSON.stringify({ ...content, released }));
      },
    };
  }
  throw new EnsembleError('ERR_RUN', `other processes take the lock of ${folder} again and again`);
}
