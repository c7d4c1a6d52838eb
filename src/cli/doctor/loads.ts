/** Loads shared objects in a process of its own, because one that crashes would end `ensemble doctor`. */

import { constants } from 'node:os';
import { addonPath } from '../../engine/native-files.js';
import { fluxLibraries } from '../../members/flux/flux-library.js';
import { askProgram } from './ask-program.js';
import type { CheckOptions } from './finding.js';

/** Prints a line for each library: the reason why it can't be loaded, or an empty one. */
const SCRIPT = `
for (const path of process.argv.slice(1)) {
  let reason = '';
  try {
    process.dlopen({ exports: {} }, path, ${constants.dlopen.RTLD_NOW});
  } catch ({ message }) {
    // A library that is not an addon was loaded.
    if (!message.startsWith('Module did not self-register')) reason = message.split('\\n')[0];
  }
  require('node:fs').writeSync(1, reason + '\\n');
}`;

/** The libraries that members need, in the order in which they are loaded. */
const LIBRARIES: readonly string[] = [addonPath(), ...fluxLibraries()];

/** One process for all libraries: the start of Node takes longer than their loading. */
let answer: ReturnType<typeof askProgram> | null = null;

/** Resolves with the reason why the addon, or a library of Flux, can't be loaded, or null. */
export async function whyNotLoadable(library: string, options: CheckOptions): Promise<string | null> {
  answer ??= askProgram(process.execPath, ['-e', SCRIPT, ...LIBRARIES], options);
  const { stdout, failure } = await answer;
  const lines = stdout.split('\n');
  const index = LIBRARIES.indexOf(library);
  // The process printed no whole line for a library that ended it.
  if (index >= lines.length - 1) return failure ?? 'the process that loads it ended early';
  return lines[index] || null;
}
