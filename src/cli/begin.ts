/** Starts a command's process. Imports only what can't fail; the command itself may. */

import { whyNotLoaded } from '../text/system-error.js';
import { exitStatus } from './exit-status.js';
import type { ProgramName } from './output.js';

/**
 * Imports and runs a program. Errors of the operating system, for example when no more files can be opened, are
 * reported in one line.
 */
export async function begin(name: ProgramName, main: () => Promise<void>): Promise<void> {
  const fail = (error: unknown) => {
    const line = whyNotLoaded(error);
    // A bug of this program. Its stack is more useful than its message.
    if (line === null) console.error(error);
    else console.error(`${name}: error: ${line}`);
    process.exit(line === null ? exitStatus.failure : exitStatus.memberFailure);
  };
  process.on('uncaughtException', fail);
  try {
    // Throws where the working directory was deleted. Node caches it, so it may be deleted later.
    process.cwd();
    // Answered without the modules of the command.
    if (process.argv.slice(2).join(' ') === '--version')
      await (await import('./version.js')).printVersion(name);
    else await main();
  } catch (error) {
    fail(error);
  }
}
