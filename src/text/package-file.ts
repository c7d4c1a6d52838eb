/** Files of this package, wherever the code that needs them was bundled to. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder above this file with a package.json; without one, the folder above its own. */
function findRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  let folder = here;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) return dirname(dirname(here));
    folder = above;
  }
  return folder;
}

const root = findRoot();

/** Returns the absolute path of a file of this package. */
export function packageFile(path: string): string {
  return join(root, path);
}
