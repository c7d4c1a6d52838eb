/** libflux-core, which the addon opens when a Flux member is requested. */

import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderOnPath } from '../../text/on-path.js';

/** The name by which the dynamic linker finds it. All versions of flux-core have the same. */
const SONAME = 'libflux-core.so.2';

/** Folders of libraries beside a folder of programs. */
const FOLDERS = ['lib', 'lib64', 'lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu'];

/** The libraries to try, in their order: by the dynamic linker, then beside the `flux` that is on PATH. */
export function fluxLibraries(environment: NodeJS.ProcessEnv = process.env): string[] {
  const folder = folderOnPath('flux', environment);
  if (folder === undefined) return [SONAME];
  const program = join(folder, 'flux');
  const roots = new Set([program, realpathSync(program)].map((path) => dirname(dirname(path))));
  const found = [...roots].flatMap((root) => FOLDERS.map((folder) => join(root, folder, SONAME)));
  return [SONAME, ...found.filter((path) => existsSync(path))];
}
