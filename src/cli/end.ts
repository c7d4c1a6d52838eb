/** The end of a command's process. */

import { exitStatus } from './exit-status.js';
import { standardError, standardOutput } from './streams.js';

/** Milliseconds that the process waits after its report for remaining work. */
const LEFT_BEHIND = 500;

/** Ends the process after its output was written, even if something keeps it running. */
export async function end(): Promise<void> {
  await Promise.all([standardOutput.written(), standardError.written()]);
  if (standardOutput.lost || standardError.lost) process.exitCode ||= exitStatus.outputLost;
  setTimeout(() => process.exit(), LEFT_BEHIND).unref();
}
