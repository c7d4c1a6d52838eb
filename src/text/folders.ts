/** Creates folders. */

import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Creates a folder for its owner alone, with the missing folders above it. Throws the system's errors. Node's recursive
 * mkdir is not used, because it never returns where the system refuses a folder with ENOENT, as below /proc.
 */
export function makeFolders(path: string): void {
  const missing = [resolve(path)];
  for (let above = dirname(resolve(path)); !existsSync(above); above = dirname(above)) missing.unshift(above);
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(folder).isDirectory()) throw error;
    }
  }
}

/** Makes folders that many files share: each is made once. */
export class SharedFolders {
  readonly #made = new Set<string>();

  /** Makes a folder that this object has not made before. Throws the system's errors. */
  make(folder: string): void {
    if (this.#made.has(folder)) return;
    makeFolders(folder);
    this.#made.add(folder);
  }
}
