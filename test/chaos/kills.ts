/** Instants at which a process is killed. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './command.js';
import type { Random } from './random.js';

/** Some seconds after the start of the process, or once the log has grown by some bytes. */
export type Instant =
  | { readonly after: 'time'; readonly seconds: number }
  | { readonly after: 'growth'; readonly bytes: number };

/** The length of an undisturbed run. */
export interface Extent {
  readonly seconds: number;
  /** Size of its log. */
  readonly bytes: number;
}

/** Seconds in which a process starts, and restores a run. */
const START = 0.6;

/** Chooses an instant: within the whole run, within its start, or at a write to the log. */
export function chooseInstant(random: Random, { seconds, bytes }: Extent): Instant {
  const kind = random.number(0, 1);
  if (kind < 0.5) return { after: 'growth', bytes: random.integer(1, Math.ceil(bytes * 0.7)) };
  return { after: 'time', seconds: random.number(0, kind < 0.8 ? seconds : START) };
}

const PAUSE_MS = 1;
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Bytes of the files in a folder; 0 for a missing folder. */
export function bytesOf(folder: string): number {
  try {
    return readdirSync(folder)
      .map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}

export interface Watched {
  /** The folder of the log; null before it is made. */
  readonly log: () => string | null;
  /** Seconds that the process may take to its end. */
  readonly most: number;
}

/** Kills the process at an instant. Resolves with false for a process that ends before, or that takes too long. */
export async function killAt(command: Command, instant: Instant, { log, most }: Watched): Promise<boolean> {
  const begun = performance.now();
  const sizeNow = () => {
    const folder = log();
    return folder === null ? 0 : bytesOf(folder);
  };
  const before = sizeNow();
  while (!command.hasEnded) {
    const seconds = (performance.now() - begun) / 1000;
    const isDue = instant.after === 'time' ? seconds >= instant.seconds : sizeNow() - before >= instant.bytes;
    if (isDue || seconds >= most) {
      command.kill();
      return (await command.ended).signal === 'SIGKILL' && isDue;
    }
    await pause();
  }
  return false;
}
