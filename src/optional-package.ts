/**
 * Packages that few users need. They are not dependencies of this package, so that other users do not install them, and
 * are loaded where they are used.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EnsembleError } from './errors.js';
import { packageFile } from './text/package-file.js';

/** The optional packages that this package loads. */
export type OptionalPackage = '@duckdb/node-api' | '@kubernetes/client-node' | '@viz-js/viz' | 'nodemailer';

/**
 * Returns what to do to install an optional package where this package finds it: `` run `npm install @viz-js/viz` in
 * /home/me/study ``. `folder` is that of this package.
 */
export function howToInstall(name: string, folder = packageFile('.')): string {
  const modules = dirname(folder);
  if (basename(modules) !== 'node_modules') return `run \`npm install ${name}\` in ${folder}`;
  const above = dirname(modules);
  // `npm install --global` puts packages into the folder `lib` of its prefix.
  if (basename(above) !== 'lib') return `run \`npm install ${name}\` in ${above}`;
  return `run \`npm install --global --prefix ${dirname(above)} ${name}\``;
}

/** Whether a package is installed where this package finds it. */
export function isInstalled(name: OptionalPackage): boolean {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return folders.some((folder) => existsSync(join(folder, name, 'package.json')));
}

/**
 * Loads an optional package. `user` is the part of a command or of a file that needs it, and begins the message. Throws
 * EnsembleError `ERR_ADDON`, with the command that installs the package.
 */
export async function loadOptional<Module>(name: OptionalPackage, user: string): Promise<Module> {
  try {
    // The compiler does not look for a package whose name is not constant.
    return (await import(name as string)) as Module;
  } catch (cause) {
    const why = isInstalled(name)
      ? `which can't be loaded (${(cause as Error).message}); to install it again,`
      : 'which is not installed;';
    const message = `${user} needs the optional package ${name}, ${why} ${howToInstall(name)}`;
    throw new EnsembleError('ERR_ADDON', message, { cause });
  }
}
