/** Resolves the names in `plugins:`. */

import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageFile } from '../text/package-file.js';
import { failed, ok, type Result } from '../text/result.js';
import { choices, didYouMean } from '../text/suggest.js';

/** Plugins of this package, and their modules. The paths are the same from src/plugins and from dist/plugins. */
const SHIPPED: ReadonlyMap<string, string> = new Map([
  ['lammps', pathToFileURL(packageFile('dist/plugins/lammps/plugin.js')).href],
]);

const MODULE = /\.[cm]?[jt]s$/;

/**
 * Returns the URL of a plugin's module: one of this package, a file (a path that begins with `.` or `/`, or has the
 * suffix of a module), or a package.
 *
 * @param file The ensemble file, whose folder is searched for files and packages; null for the working directory.
 */
export function resolvePlugin(specifier: string, file: string | null): Result<string> {
  const shipped = SHIPPED.get(specifier);
  if (shipped !== undefined) return ok(shipped);
  const folder = file === null ? process.cwd() : dirname(resolve(file));
  if (/^[./]/.test(specifier) || (MODULE.test(specifier) && !specifier.startsWith('@'))) {
    return resolveFile(resolve(folder, specifier));
  }
  try {
    // Loaded here, because few files name a package.
    const { createJiti } = createRequire(import.meta.url)('jiti') as typeof import('jiti');
    return ok(asUrl(createJiti(resolve(folder, 'ensemble.yaml')).esmResolve(specifier)));
  } catch {
    const hint = didYouMean(specifier, SHIPPED.keys());
    return failed(
      hint === ''
        ? `no package '${specifier}' was found from ${folder}; run npm install ${specifier}, or write a path like ` +
            `./${specifier}.mjs (included plugins: ${choices([...SHIPPED.keys()], 'and')})`
        : `no package '${specifier}' was found from ${folder}${hint}`,
    );
  }
}

function resolveFile(path: string): Result<string> {
  if (!existsSync(path)) return failed(`the file ${path} does not exist`);
  if (!statSync(path).isFile()) return failed(`${path} is not a file`);
  if (!MODULE.test(path)) return failed(`${path} is not a module (.js, .mjs, .cjs, .ts, .mts or .cts)`);
  return ok(pathToFileURL(path).href);
}

function asUrl(found: string): string {
  return found.startsWith('file:') ? pathToFileURL(fileURLToPath(found)).href : pathToFileURL(found).href;
}
