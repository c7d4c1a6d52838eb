/**
 * Runs a program from the CommonJS files of the bundle, with the bytecode that the build has kept beside them: most of the
 * time of a short command would be compilation. V8 ignores the bytecode of another version, or of other flags.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** The name in the files of the bundle of a function like `import()`. */
export const IMPORT = '__importModule';

type Run = (
  exports: object,
  require: (id: string) => unknown,
  module: { exports: object },
  filename: string,
  dirname: string,
  importModule: (name: string) => Promise<unknown>,
) => void;

/** Names of the parameters of `Run`. The last one stands in the bundle for the keyword `import`. */
const PARAMETERS = `exports, require, module, __filename, __dirname, ${IMPORT}`;

/** The file with the bytecode of a script. */
export const cacheOf = (path: string): string => `${path}.cache`;

const modules = new Map<string, { exports: object }>();
/** The scripts of this process, by their paths. */
export const scripts = new Map<string, Script>();

/** The bundle calls this in place of `import()`, which a script with bytecode from a file has not. */
const importModule = (name: string): Promise<unknown> => import(name);

function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(cacheOf(path));
  } catch {
    return undefined;
  }
}

/** Loads a file of the bundle, which has only characters of ASCII. Returns its exports. */
function load(path: string): object {
  const known = modules.get(path);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(path, module);
  const code = readFileSync(path, 'latin1');
  const script = new Script(`(function (${PARAMETERS}) {${code}\n})`, {
    filename: path,
    cachedData: readCache(path),
  });
  scripts.set(path, script);
  const folder = dirname(path);
  const requireOthers = createRequire(path);
  const require = (id: string) => (id.startsWith('.') ? load(join(folder, id)) : requireOthers(id));
  (script.runInThisContext() as Run)(module.exports, require, module, path, folder, importModule);
  return module.exports;
}

/** Runs a file of the bundle. */
export function runScript(url: URL): void {
  load(fileURLToPath(url));
}
