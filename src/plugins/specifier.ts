/** What the names in `plugins:` stand for. */

import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import { type Parsed, parsed, refused } from '../text/result.js';
import { choices, didYouMean } from '../text/suggest.js';

/** Plugins that come with this package, and their modules. Two levels up from src/plugins and dist/plugins alike. */
const SHIPPED: ReadonlyMap<string, string> = new Map([
  ['lammps', new URL('../../dist/plugins/lammps/plugin.js', import.meta.url).href],
]);

const MODULE = /\.[cm]?[jt]s$/;

/**
 * The URL of a plugin's module: one of ours, a file (a path that begins with `.` or `/`, or ends like a module), or
 * a package.
 *
 * @param file The ensemble file beside which files and packages are looked for; null for the working directory.
 */
export function resolvePlugin(specifier: string, file: string | null): Parsed<string> {
  const shipped = SHIPPED.get(specifier);
  if (shipped !== undefined) return parsed(shipped);
  const folder = file === null ? process.cwd() : dirname(resolve(file));
  if (/^[./]/.test(specifier) || (MODULE.test(specifier) && !specifier.startsWith('@'))) {
    return resolveFile(resolve(folder, specifier));
  }
  try {
    return parsed(asUrl(createJiti(resolve(folder, 'ensemble.yaml')).esmResolve(specifier)));
  } catch {
    const hint = didYouMean(specifier, SHIPPED.keys());
    return refused(
      hint === ''
        ? `no package '${specifier}' is to be found from ${folder}; npm install ${specifier}, or write a path like ` +
            `./${specifier}.mjs (with the program come ${choices([...SHIPPED.keys()], 'and')})`
        : `no package '${specifier}' is to be found from ${folder}${hint}`,
    );
  }
}

function resolveFile(path: string): Parsed<string> {
  if (!existsSync(path)) return refused(`there is no file ${path}`);
  if (!statSync(path).isFile()) return refused(`${path} is no file`);
  if (!MODULE.test(path)) return refused(`${path} is no module (.js, .mjs, .cjs, .ts, .mts or .cts)`);
  return parsed(pathToFileURL(path).href);
}

function asUrl(found: string): string {
  return found.startsWith('file:') ? pathToFileURL(fileURLToPath(found)).href : pathToFileURL(found).href;
}
