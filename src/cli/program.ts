/** What the commands of this package have in common: how errors are said, the exit statuses, how the process ends. */

import { type Command, CommanderError } from 'commander';
import { formatDiagnostics } from '../config/source/format.js';
import { ConfigError, EnsembleError } from '../errors.js';
import { escapeLines } from '../text/describe.js';
import { oneLine, remedyFor } from '../text/system-error.js';
import { escapeWrites } from './escape-writes.js';
import { exitStatus } from './exit-status.js';
import { complain, type ProgramName } from './output.js';
import { standardError, standardOutput, watchStreams } from './streams.js';

/** Milliseconds that the process lives on after its report, when something left behind keeps it. */
const LEFT_BEHIND = 500;

function statusOf({ code }: EnsembleError): number {
  if (code === 'ERR_FILE' || code === 'ERR_CONFIG' || code === 'ERR_INSECURE') return exitStatus.badInput;
  return code === 'ERR_SERVICE' ? exitStatus.failure : exitStatus.memberFailure;
}

/** Says what went wrong and returns the exit status for it. */
function report(name: ProgramName, error: unknown): number {
  // Commander has said it already; --help and --version come this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.badInput;
  if (error instanceof ConfigError) {
    standardError.write(`${formatDiagnostics(error.diagnostics)}\n`);
    return exitStatus.badInput;
  }
  if (error instanceof EnsembleError) {
    const remedy = remedyFor(error) ?? '';
    // Where the remedy is a part of the message already, that is enough.
    const message = error.message.includes(remedy) ? error.message : `${error.message}; ${remedy}`;
    complain(`${message} [${error.code}]`, 'error', name);
    return statusOf(error);
  }
  const line = oneLine(error);
  if (line === null) throw error;
  complain(line, 'error', name);
  return exitStatus.memberFailure;
}

/** Runs a command with its subcommands to its end; the exit status is that of the process. */
export async function runProgram(program: Command): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) escapeWrites(stream);
  watchStreams(program.name());
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
  await end();
}

/**
 * Sees to it that the process is over when its work is: a reader may take its time with what was printed, and nothing
 * else keeps the process.
 */
async function end(): Promise<void> {
  await Promise.all([standardOutput.written(), standardError.written()]);
  if (standardOutput.lost || standardError.lost) process.exitCode ||= exitStatus.outputLost;
  setTimeout(() => process.exit(), LEFT_BEHIND).unref();
}
