/**
 * Prints the reports of runs and replays. Lines at the bottom of the terminal (`keepBelow`) are erased before other
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

/** The lines at the bottom; empty without any. */
let below: readonly string[] = [];

/** Erases the rest of a row, or of the screen. */
const ERASE_ROW = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/** Returns the sequence that goes to the first row of the lines, even if a narrower terminal has wrapped them. */
function toTop(): string {
  if (below.length === 0) return '';
  const width = terminalWidth();
  const rows = below.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / width)), 0);
  return rows === 1 ? '\r' : `\r\x1b[${rows - 1}A`;
}

const erasure = () => (below.length === 0 ? '' : `${toTop()}${ERASE_BELOW}`);
const drawn = () => below.map((line) => `${line}${ERASE_ROW}`).join('\n');

/**
 * Replaces the lines at the bottom of the terminal on standard output; no lines remove them. Lines are written over
 * those before, because an erased line flickers.
 */
export function keepBelow(lines: readonly string[]): void {
  if (lines.length === below.length && lines.every((line, i) => line === below[i])) return;
  if (lines.length === 0) {
    const gone = erasure();
    below = [];
    standardOutput.write(gone);
    return;
  }
  const begin = toTop();
  below = [...lines];
  standardOutput.write(`${begin}${drawn()}${ERASE_BELOW}`);
}

/** Prints text that ends with a newline. */
export function printText(text: string): void {
  standardOutput.write(`${erasure()}${text}${drawn()}`);
}

/** Prints a line on standard output. */
export function print(line: string): void {
  printText(`${line}\n`);
}

/** Prints a line on standard error. */
export function printError(line: string): void {
  if (below.length > 0) standardOutput.write(erasure());
  standardError.write(`${line}\n`);
  if (below.length > 0) standardOutput.write(drawn());
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
