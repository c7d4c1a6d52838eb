/** What the commands of this package have in common: how errors are said, and the exit statuses for them. */

import { type Command, CommanderError } from 'commander';
import { escapeLines } from '../config/describe.js';
import { formatDiagnostics } from '../config/format.js';
import { ConfigError, EnsembleError } from '../errors.js';
import { escapeWrites } from './escape-writes.js';
import { exitStatus } from './exit-status.js';
import { complainOf, type ProgramName } from './output.js';

function statusOf({ code }: EnsembleError): number {
  if (code === 'ERR_FILE' || code === 'ERR_CONFIG' || code === 'ERR_INSECURE') return exitStatus.badInput;
  return code === 'ERR_SERVICE' ? exitStatus.failure : exitStatus.memberFailure;
}

/** Says what went wrong and returns the exit status for it. */
function report(name: ProgramName, error: unknown): number {
  // Commander has said it already; --help and --version come this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.badInput;
  if (error instanceof ConfigError) {
    console.error(formatDiagnostics(error.diagnostics));
    return exitStatus.badInput;
  }
  if (error instanceof EnsembleError) {
    complainOf(error, name);
    return statusOf(error);
  }
  console.error(error);
  return exitStatus.failure;
}

/** Runs a command with its subcommands to its end; the exit status is that of the process. */
export async function runProgram(program: Command): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) escapeWrites(stream);
  // Whoever reads our output may stop (`| head`); that ends the run like an interrupt does, and quietly.
  let readerIsGone = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!readerIsGone) process.kill(process.pid, 'SIGTERM');
    readerIsGone = true;
  });
  program
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError(`(try ${program.name()} --help)`)
    .configureOutput({ outputError: (text, write) => write(escapeLines(text)) })
    .exitOverride();
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(program.name() as ProgramName, error);
  }
}
