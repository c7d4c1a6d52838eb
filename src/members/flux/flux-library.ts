/** libflux-core, which the addon opens when a Flux member is requested. */

import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The name by which the dynamic linker finds it. All versions of flux-core have the same. */
const SONAME = 'libflux-core.so.2';

/** Folders of libraries beside a folder of programs. */
const FOLDERS = ['lib', 'lib64', 'lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu'];

/** The libraries to try, in their order: by the dynamic linker, then beside the `flux` that is on PATH. */
export function fluxLibraries(environment: NodeJS.ProcessEnv = process.env): string[] {
  const program = (environment.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'flux'))
    .find((path) => path !== 'flux' && existsSync(path));
  if (program === undefined) return [SONAME];
  const roots = new Set([program, realpathSync(program)].map((path) => dirname(dirname(path))));
  const found = [...roots].flatMap((root) => FOLDERS.map((folder) => join(root, folder, SONAME)));
  return [SONAME, ...found.filter((path) => existsSync(path))];
}
