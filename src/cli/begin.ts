/** How a command's process begins. Imports nothing that could fail: what it runs does. */

import { whyNotLoaded } from '../text/system-error.js';
import { exitStatus } from './exit-status.js';

/**
 * Imports and runs a program. What the system refuses meanwhile, open files for its modules among them, is an error of
 * one line.
 */
export async function begin(name: string, main: () => Promise<void>): Promise<void> {
  const fail = (error: unknown) => {
    const line = whyNotLoaded(error);
    // A fault of ours: where it happened is worth more than its name.
    if (line === null) console.error(error);
    else console.error(`${name}: error: ${line}`);
    process.exit(line === null ? exitStatus.failure : exitStatus.memberFailure);
  };
  process.on('uncaughtException', fail);
  try {
    // Throws where the working directory was deleted. Node remembers it: it may be deleted from now on.
    process.cwd();
    await main();
  } catch (error) {
    fail(error);
  }
}
