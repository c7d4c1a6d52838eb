/**
 * The private socket of a run that goes on. Its path is short, because a longer one can't be used, and so it is not in
 * the folder of the run: a symbolic link there has its path.
 */

import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const linkIn = (folder: string) => join(folder, 'socket');

/** Notes the path of the socket in the folder of a run. Throws the system's errors. */
export function noteSocket(folder: string, path: string): void {
  forgetSocket(folder);
  symlinkSync(path, linkIn(folder));
}

/** Removes the note. Throws the system's errors. */
export function forgetSocket(folder: string): void {
  rmSync(linkIn(folder), { force: true });
}

/** The path of the socket that a run had last, also after the end of its process; null without one. */
export function notedSocket(folder: string): string | null {
  try {
    return readlinkSync(linkIn(folder));
  } catch {
    return null;
  }
}
