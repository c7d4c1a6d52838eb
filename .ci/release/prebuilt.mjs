/** The prebuilt native files of the package: one of each kind for every system. */

import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NAMES, SYSTEMS } from '../../native/prebuild/files.mjs';
import { Failure } from './failure.mjs';
import { mustRun } from './process.mjs';

/** Paths of all prebuilt files, relative to the checkout. */
export const PREBUILT = Object.keys(SYSTEMS).flatMap((system) =>
  NAMES.map((name) => `prebuilds/${system}/${name}`),
);

/** The processor of an ELF file; null for another file. */
function processorOf(path) {
  const header = Buffer.alloc(20);
  const file = openSync(path, 'r');
  readSync(file, header);
  closeSync(file);
  return header.toString('latin1', 0, 4) === '\x7fELF' ? header.readUInt16LE(18) : null;
}

/** Fails when a prebuilt file is missing, is for another processor, or is older than the sources. */
export async function checkPrebuilt(root) {
  const sources = ['native', 'binding.gyp'];
  const log = await mustRun('git', ['log', '-1', '--format=%ct', '--', ...sources], {
    cwd: root,
    capture: true,
  });
  for (const path of PREBUILT) {
    const file = join(root, path);
    const fault = () => {
      if (!existsSync(file)) return 'is missing';
      if (processorOf(file) !== SYSTEMS[path.split('/')[1]].machine)
        return 'is not a program for this processor';
      return statSync(file).mtimeMs < Number(log) * 1000 ? 'is older than the last commit of native/' : null;
    };
    const found = fault();
    if (found !== null)
      throw new Failure(
        `${path} ${found}; expected a file of \`npm run prebuild\`: run it, or leave --prebuilt out`,
      );
  }
}
