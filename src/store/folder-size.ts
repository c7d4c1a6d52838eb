/** Sizes of folders. */

import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface FolderSize {
  /** Bytes that its files take on the disk. */
  readonly bytes: number;
  /** False where the folder has more files, which were not looked at. */
  readonly whole: boolean;
}

/** Returns the size of a folder, from at most this many files. Files that vanish meanwhile do not count. */
export function sizeOf(folder: string, most = Number.POSITIVE_INFINITY): FolderSize {
  const folders = [folder];
  let bytes = 0;
  let files = 0;
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    for (const entry of entriesOf(path)) {
      if (files >= most) return { bytes, whole: false };
      if (entry.isDirectory()) {
        folders.push(join(path, entry.name));
        continue;
      }
      files++;
      bytes += (lstatSync(join(path, entry.name), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
    }
  }
  return { bytes, whole: true };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
