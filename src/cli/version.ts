/** `--version` of the commands, which loads little else of them. */

import { packageVersion } from '../text/package-version.js';
import { end } from './end.js';
import type { ProgramName } from './output.js';
import { standardOutput, watchStreams } from './streams.js';

/** Prints the version. */
export async function printVersion(name: ProgramName): Promise<void> {
  watchStreams(name);
  standardOutput.write(`${packageVersion()}\n`);
  await end();
}
