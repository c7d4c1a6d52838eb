/** The screen of a terminal, as people see it after a program has written to it. */

import headless from '@xterm/headless';

/** Returns the lines of a terminal, also those that were scrolled out, without the empty ones at the end. */
export async function screenOf(output: string, columns = 80, rows = 24): Promise<string[]> {
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  const { buffer } = terminal;
  const lines: string[] = [];
  for (let row = 0; row < buffer.active.length; row++) {
    lines.push(buffer.active.getLine(row)?.translateToString(true) ?? '');
  }
  terminal.dispose();
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
