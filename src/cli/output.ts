/**
 * Where a run's and a replay's reports are printed. A line that is kept at the bottom of the terminal (`keepBelow`) is
 * taken away before something else is printed, on whichever of the two streams, and drawn again below it.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EnsembleError } from '../errors.js';
import { escapeMessage } from '../text/describe.js';
import { widthOf } from '../text/width.js';
import { standardError, standardOutput } from './streams.js';
import { colorsFor } from './tables.js';

/** Characters that are written at once. */
const PIECE = 65_536;

/** The line at the bottom; empty for none. */
let below = '';

/** Takes the line at the bottom away, also when a terminal that has become narrower has broken it. */
function erasure(): string {
  if (below === '') return '';
  const rows = Math.max(1, Math.ceil(widthOf(below) / (process.stdout.columns || 80)));
  return `\r${'\x1b[2K\x1b[1A'.repeat(rows - 1)}\x1b[2K`;
}

/** Shows a line at the bottom of the terminal that standard output is, in place of the one before; none for ''. */
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

/** Prints what is wrong on standard error, behind the program's name. The text may come from outside. */
export function complain(
  text: string,
  kind: 'error' | 'warning' = 'error',
  program: ProgramName = 'ensemble',
): void {
  const prefix = `${program}: ${kind}:`;
  const { red, yellow } = colorsFor(process.stderr);
  printError(`${kind === 'error' ? red(prefix) : yellow(prefix)} ${escapeMessage(text)}`);
}

/** The same for an error of ours. */
export function complainOf({ message, code }: EnsembleError, program?: ProgramName): void {
  complain(`${message} [${code}]`, 'error', program);
}

/** Prints many pieces of text: whoever reads them may be slow, and signals come through in between. */
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

/** The same for lines, which have no newlines of their own. */
export function printLines(lines: Iterable<string>): Promise<void> {
  return printPieces(withNewlines(lines));
}

function* withNewlines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
