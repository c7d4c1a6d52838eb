/** Programs of PATH. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the first folder of PATH that has the program; undefined where none has. */
export function folderOnPath(
  program: string,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return (environment.PATH ?? '')
    .split(delimiter)
    .find((folder) => folder !== '' && existsSync(join(folder, program)));
}
