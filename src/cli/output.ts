/**
 * Prints the reports of runs and replays. A line at the bottom of the terminal (`keepBelow`) is erased before other
 * output on either stream, and drawn again below it.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EnsembleError } from '../errors.js';
import { escapeMessage } from '../text/describe.js';
import { widthOf } from '../text/width.js';
import { standardError, standardOutput } from './streams.js';
import { colorsFor } from './tables.js';

/** Characters in one write. */
const PIECE = 65_536;

/** The columns of standard output; 80 where they are unknown. */
export function terminalWidth(): number {
  return process.stdout.columns || 80;
}

/** The line at the bottom; empty without one. */
let below = '';

/** Returns the sequence that erases the line at the bottom, even if a narrower terminal has wrapped it. */
function erasure(): string {
  if (below === '') return '';
  const rows = Math.max(1, Math.ceil(widthOf(below) / terminalWidth()));
  return `\r${'\x1b[2K\x1b[1A'.repeat(rows - 1)}\x1b[2K`;
}

/** Replaces the line at the bottom of the terminal on standard output. An empty text removes it. */
export function keepBelow(line: string): void {
  if (line === below) return;
  const gone = erasure();
  below = line;
  standardOutput.write(`${gone}${line}`);
}

/** Prints text that ends with a newline. */
export function printText(text: string): void {
  standardOutput.write(`${erasure()}${text}${below}`);
}

/** Prints a line on standard output. */
export function print(line: string): void {
  printText(`${line}\n`);
}

/** Prints a line on standard error. */
export function printError(line: string): void {
  if (below !== '') standardOutput.write(erasure());
  standardError.write(`${line}\n`);
  if (below !== '') standardOutput.write(below);
}

export type ProgramName = 'ensemble' | 'ensemble-server';

/** Prints an error or a warning on standard error, after the program's name. The text may come from outside. */
export function complain(
  text: string,
  kind: 'error' | 'warning' = 'error',
  program: ProgramName = 'ensemble',
): void {
  const prefix = `${program}: ${kind}:`;
  const { red, yellow } = colorsFor(process.stderr);
  printError(`${kind === 'error' ? red(prefix) : yellow(prefix)} ${escapeMessage(text)}`);
}

/** Prints an error of this package. */
export function complainOf({ message, code }: EnsembleError, program?: ProgramName): void {
  complain(`${message} [${code}]`, 'error', program);
}

/** Prints many pieces of text. Waits for a slow reader, and lets signals through in between. */
export async function printPieces(pieces: Iterable<string>): Promise<void> {
  let gathered = '';
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < PIECE) continue;
    printText(gathered);
    gathered = '';
    if (standardOutput.full) await standardOutput.written();
    else await nextTurn();
  }
  if (gathered !== '') printText(gathered);
}

/** Prints lines without newlines of their own in the same way. */
export function printLines(lines: Iterable<string>): Promise<void> {
  return printPieces(withNewlines(lines));
}

function* withNewlines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
