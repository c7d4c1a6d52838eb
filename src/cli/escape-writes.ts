/** Protects the terminal from control sequences in texts from outside. All output of a command passes here. */

import { escapeLines } from '../text/describe.js';

/**
 * The sequences that this program itself writes to terminals: colours, and cursor movements of live views. Texts
 * from outside are escaped where they become part of a line, so they do not contain these sequences.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are control sequences
const OWN = /(\r|\x1b\[[0-9;]*m|\x1b[78]|\x1b\[(?:[0-9;]*H|[0-2]?[JK]|[0-9]*[A-G]|\?(?:7|25|1049|2026)[hl]))/;

/** Escapes control characters in text, except newlines, tabs and, on a terminal, our own sequences. */
export function printable(text: string, isTerminal: boolean): string {
  if (!isTerminal) return escapeLines(text);
  return text
    .split(OWN)
    .map((part, index) => (index % 2 === 1 ? part : escapeLines(part)))
    .join('');
}

/** Escapes all text that is written to the stream from now on. Bytes are data, and pass unchanged. */
export function escapeWrites(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: readonly unknown[]) => boolean;
  stream.write = ((chunk: unknown, ...rest: readonly unknown[]) =>
    write(
      typeof chunk === 'string' ? printable(chunk, stream.isTTY === true) : chunk,
      ...rest,
    )) as typeof stream.write;
}
