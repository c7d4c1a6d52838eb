/** Shared behaviour of the commands: error messages, exit statuses, and the end of the process. */

import { type Command, CommanderError } from 'commander';
import { formatDiagnostics } from '../config/source/format.js';
import { ConfigError, EnsembleError, type ErrorCode } from '../errors.js';
import { escapeLines } from '../text/describe.js';
import { oneLine, remedyFor } from '../text/system-error.js';
import { end } from './end.js';
import { escapeWrites } from './escape-writes.js';
import { exitStatus } from './exit-status.js';
import { complain, type ProgramName } from './output.js';
import { standardError, watchStreams } from './streams.js';

const BAD_INPUT: readonly ErrorCode[] = ['ERR_FILE', 'ERR_CONFIG', 'ERR_INSECURE', 'ERR_RUN'];

function statusOf({ code }: EnsembleError): number {
  if (BAD_INPUT.includes(code)) return exitStatus.badInput;
  return code === 'ERR_SERVICE' ? exitStatus.failure : exitStatus.memberFailure;
}

/** Reports an error and returns its exit status. */
function report(name: ProgramName, error: unknown): number {
  // Commander has already reported it. It also throws for --help and --version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.badInput;
  if (error instanceof ConfigError) {
    standardError.write(`${formatDiagnostics(error.diagnostics)}\n`);
    return exitStatus.badInput;
  }
  if (error instanceof EnsembleError) {
    const remedy = remedyFor(error) ?? '';
    // The remedy is not repeated if the message contains it.
    const message = error.message.includes(remedy) ? error.message : `${error.message}; ${remedy}`;
    complain(`${message} [${error.code}]`, 'error', name);
    return statusOf(error);
  }
  const line = oneLine(error);
  if (line === null) throw error;
  complain(line, 'error', name);
  return exitStatus.memberFailure;
}

function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}

/** Runs a command with its subcommands. Sets the exit status of the process. */
export async function runProgram(program: Command): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) escapeWrites(stream);
  watchStreams(program.name());
  program
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError(`(try ${program.name()} --help)`)
    .configureOutput({ outputError: (text, write) => write(escapeLines(text)) })
    .exitOverride();
  inheritSettings(program);
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(program.name() as ProgramName, error);
  }
  await end();
}
