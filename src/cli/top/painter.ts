/** Brings lines to the rows of a screen. Only rows that have changed are written, and the terminal shows them at once. */

/** Between these, a terminal that knows them (DEC 2026) shows nothing; others ignore them. */
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';

export class Painter {
  readonly #write: (text: string) => void;
  #shown: readonly string[] | null = null;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** The screen has another content or another size: all rows are written next time. */
  forget(): void {
    this.#shown = null;
  }

  /** Shows the lines from the first row on. Rows below are empty. */
  paint(lines: readonly string[]): void {
    const before = this.#shown;
    const rows = Math.max(lines.length, before?.length ?? 0);
    let text = before === null ? '\x1b[H\x1b[2J' : '';
    for (let row = 0; row < rows; row++) {
      const line = lines[row] ?? '';
      if (before !== null && line === (before[row] ?? '')) continue;
      if (before === null && line === '') continue;
      text += `\x1b[${row + 1};1H${line}\x1b[K`;
    }
    this.#shown = [...lines];
    if (text !== '') this.#write(`${BEGIN}${text}${END}`);
  }
}
