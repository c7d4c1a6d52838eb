/** Where a recording goes, and what it may replace there. */

import { constants, fstatSync, openSync, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, stat, unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecording } from './is-recording.js';

export interface Target {
  /** Takes the recording; what was there before is gone from then on. Called once. Rejects when that can't be. */
  begin(): Promise<Writable>;
  /** Whether the file has lost its name, so that what is written to it would be lost with it. */
  removed(): Promise<boolean>;
  /** Leaves what was there before as it was; in place of `begin()`. */
  discard(): Promise<void>;
  /** The stream is not to be ended with the recording: it is one of the process's own. */
  readonly shared: boolean;
}

export interface TargetOptions {
  /** Let it replace a recording that is there. */
  readonly force: boolean;
}

const { O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
/** Milliseconds between two looks whether a pipe has got its reader. */
const PIPE_INTERVAL = 50;

/**
 * Opens what a path names, `-` for standard output. What is there stays as it is until `begin()`. Rejects with an Error
 * that says why not: it can't be written, it is no recording, or a recording that may not be replaced.
 */
export async function openTarget(path: string, { force }: TargetOptions): Promise<Target> {
  if (path === '-') return sharedTarget(process.stdout);
  const before = await statOrNull(path);
  // Opened a second time, a file would be written from its beginning once more.
  if (before !== null && isSame(before, 1)) return sharedTarget(process.stdout);
  if (before !== null && isSame(before, 2)) return sharedTarget(process.stderr);
  if (before?.isFIFO()) return pipeTarget(path);
  if (before !== null) await checkReplaceable(path, before, force);
  return fileTarget(path, await open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY), before);
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

function isSame({ dev, ino }: Stats, descriptor: number): boolean {
  try {
    const other = fstatSync(descriptor);
    return other.dev === dev && other.ino === ino;
  } catch {
    // It was closed by whoever started this process.
    return false;
  }
}

async function checkReplaceable(path: string, stats: Stats, force: boolean): Promise<void> {
  if (stats.isDirectory()) throw new Error('it is a folder');
  if (stats.isSocket() || stats.isBlockDevice()) throw new Error('it is neither a file nor a pipe');
  if (!stats.isFile() || stats.size === 0) return;
  if (!(await isRecording(path))) {
    throw new Error('it exists and is not a recording, so it is left as it is; give another name');
  }
  if (!force) throw new Error('it exists; say --force to replace this recording, or give another name');
}

function sharedTarget(stream: Writable): Target {
  return {
    begin: async () => stream,
    removed: async () => false,
    discard: async () => {},
    shared: true,
  };
}

/** A pipe takes what its reader takes: no thread waits for that, and neither does the end of the process. */
async function pipeTarget(path: string): Promise<Target> {
  let descriptor: number | null = null;
  while (descriptor === null) {
    try {
      descriptor = openSync(path, O_WRONLY | O_NONBLOCK);
    } catch (cause) {
      // A pipe without a reader yet.
      if ((cause as NodeJS.ErrnoException).code !== 'ENXIO') throw cause;
      await sleep(PIPE_INTERVAL);
    }
  }
  const socket = new Socket({ fd: descriptor, readable: false, writable: true });
  return {
    begin: async () => socket,
    removed: async () => false,
    discard: async () => {
      socket.destroy();
    },
    shared: false,
  };
}

function fileTarget(path: string, file: FileHandle, before: Stats | null): Target {
  return {
    begin: async () => {
      if ((await file.stat()).isFile()) await file.truncate(0);
      return file.createWriteStream();
    },
    removed: async () => {
      const stats = await file.stat();
      return stats.isFile() && stats.nlink === 0;
    },
    discard: async () => {
      // The link would be removed in place of the file that it names.
      if (before === null) await unlink(await realpath(path)).catch(() => {});
      await file.close();
    },
    shared: false,
  };
}
