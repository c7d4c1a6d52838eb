/** Destinations of recordings: files, pipes and standard output. */

import { constants, fstatSync, openSync, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, stat, unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecording } from './is-recording.js';

export interface Target {
  /** Opens the stream. It replaces the previous content. Called once. Rejects when that fails. */
  begin(): Promise<Writable>;
  /** Returns whether the file was removed, so that later data would be lost. */
  removed(): Promise<boolean>;
  /** Keeps the previous content. Called instead of `begin()`. */
  discard(): Promise<void>;
  /** The stream belongs to the process, and must not be ended with the recording. */
  readonly shared: boolean;
}

export interface TargetOptions {
  /** Allow replacing an existing recording. */
  readonly force: boolean;
}

const { O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
/** Milliseconds between two attempts to open a pipe that has no reader yet. */
const PIPE_INTERVAL = 50;

/**
 * Opens a destination by its path, `-` for standard output. Its content is unchanged until `begin()`. Rejects with
 * an Error that gives the reason: the destination can't be written, is not a recording, or must not be replaced.
 */
export async function openTarget(path: string, { force }: TargetOptions): Promise<Target> {
  if (path === '-') return sharedTarget(process.stdout);
  const before = await statOrNull(path);
  // Opened a second time, the file would be overwritten from its beginning.
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
    // The descriptor was closed by the parent process.
    return false;
  }
}

async function checkReplaceable(path: string, stats: Stats, force: boolean): Promise<void> {
  if (stats.isDirectory()) throw new Error('it is a folder');
  if (stats.isSocket() || stats.isBlockDevice()) throw new Error('it is neither a file nor a pipe');
  if (!stats.isFile() || stats.size === 0) return;
  if (!(await isRecording(path))) {
    throw new Error('it exists and is not a recording, so it is not replaced; choose another name');
  }
  if (!force) throw new Error('it exists; pass --force to replace this recording, or choose another name');
}

function sharedTarget(stream: Writable): Target {
  return {
    begin: async () => stream,
    removed: async () => false,
    discard: async () => {},
    shared: true,
  };
}

/** Opens a pipe without blocking: neither a thread nor the end of the process waits for its reader. */
async function pipeTarget(path: string): Promise<Target> {
  let descriptor: number | null = null;
  while (descriptor === null) {
    try {
      descriptor = openSync(path, O_WRONLY | O_NONBLOCK);
    } catch (cause) {
      // The pipe has no reader yet.
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
      // The path may be a link. Remove its target, not the link.
      if (before === null) await unlink(await realpath(path)).catch(() => {});
      await file.close();
    },
    shared: false,
  };
}
