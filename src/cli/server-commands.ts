/** The commands of `ensemble-server`. */

import { Command } from 'commander';
import { packageVersion } from '../text/package-version.js';
import { completionCommand } from './completion.js';
import { runProgram } from './program.js';
import { startCommand } from './server-start.js';
import { tokenCommand } from './server-token.js';

/** Makes `ensemble-server` with all of its commands. */
async function makeServer(): Promise<Command> {
  return new Command('ensemble-server')
    .description('A service that watches and steers many ensembles, and resizes their clusters.')
    .version(packageVersion(), '--version', 'print the version')
    .addCommand(startCommand())
    .addCommand(tokenCommand())
    .addCommand(completionCommand(makeServer));
}

/** Runs `ensemble-server` with the arguments of the process. */
export async function runServer(): Promise<void> {
  await runProgram(await makeServer());
}
