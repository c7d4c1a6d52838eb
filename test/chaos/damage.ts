/** Damage to the log of a run whose process was killed, and disks on which it has no room. */

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.js';

/** The files of a log, the oldest first: segments, checkpoints and ended jobs. */
const filesOf = (log: string) =>
  readdirSync(log)
    .filter((name) => /^\d/.test(name))
    .sort()
    .map((name) => join(log, name));

/** Cuts the last segment off at a random byte: mostly near its end, as a host that lost its power. */
export function tearTail(log: string, random: Random): void {
  const last = filesOf(log)
    .filter((name) => name.endsWith('.segment'))
    .at(-1);
  if (last === undefined) return;
  const { size } = statSync(last);
  const near = random.chance(0.7) ? Math.max(0, size - 400) : 0;
  truncateSync(last, random.integer(near, size));
}

/** Flips a random bit of the log. */
export function flipBit(log: string, random: Random): void {
  const path = random.choice(filesOf(log));
  const { size } = statSync(path);
  if (size === 0) return;
  const file = openSync(path, 'r+');
  try {
    const place = random.integer(0, size - 1);
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, place);
    byte[0] = (byte[0] ?? 0) ^ (1 << random.integer(0, 7));
    writeSync(file, byte, 0, 1, place);
  } finally {
    closeSync(file);
  }
}

/** Whether small disks can be mounted here. */
export const canMount = spawnSync('unshare', ['-m', 'true']).status === 0 && process.getuid?.() === 0;

/** Mounts a disk with room for some bytes on a folder. */
export function mountDisk(folder: string, bytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', folder]);
}

/** Makes room on a disk. */
export function enlargeDisk(folder: string): void {
  execFileSync('mount', ['-o', 'remount,size=64m', folder]);
}

export function unmountDisk(folder: string): void {
  execFileSync('umount', ['--lazy', folder]);
}
