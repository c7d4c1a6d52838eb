#!/usr/bin/env node
/** The command `ensemble`. */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { formatDiagnostics } from '../config/format.js';
import { ConfigError, EnsembleError } from '../errors.js';
import { exitStatus } from './exit-status.js';
import { recordCommand } from './record.js';
import { replayCommand } from './replay.js';
import { runCommand } from './run.js';
import { statsCommand } from './stats.js';
import { synthCommand } from './synth.js';
import { validateCommand } from './validate.js';

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Says what went wrong and returns the exit status for it. */
function report(error: unknown): number {
  // Commander has said it already; --help and --version come this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.badInput;
  if (error instanceof ConfigError) {
    console.error(formatDiagnostics(error.diagnostics));
    return exitStatus.badInput;
  }
  if (error instanceof EnsembleError) {
    console.error(`ensemble: error: ${error.message} [${error.code}]`);
    return error.code === 'ERR_FILE' ? exitStatus.badInput : exitStatus.memberFailure;
  }
  console.error(error);
  return exitStatus.failure;
}

// Whoever reads our output may stop (`| head`); that ends the run like an interrupt does, and quietly.
let readerIsGone = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!readerIsGone) process.kill(process.pid, 'SIGTERM');
  readerIsGone = true;
});

const program = new Command('ensemble')
  .description('Run and steer ensembles of jobs by rules over their events and statistics.')
  .version(packageVersion(), '--version', 'print the version')
  .configureHelp({ sortSubcommands: false })
  .showHelpAfterError('(try ensemble --help)')
  .exitOverride()
  .addCommand(runCommand())
  .addCommand(validateCommand())
  .addCommand(recordCommand())
  .addCommand(replayCommand())
  .addCommand(synthCommand())
  .addCommand(statsCommand());

program
  .command('version')
  .description('print the version')
  .action(() => console.log(packageVersion()));

for (const command of program.commands) command.copyInheritedSettings(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
