/** JavaScript in the `custom:` block of a file. */

/** The export that looks up the names that a block declares. */
export const DECLARED = '$declared';

/**
 * Returns the block as the URL of a module. Functions do not need `export`. Blank lines at the beginning make line
 * numbers in stack traces match the YAML file. `line` is the block's first line there.
 */
export function inlineModule(source: string, line: number | null): string {
  const padding = '\n'.repeat(Math.max(0, (line ?? 1) - 1));
  const text = `${padding}${source}\nexport const ${DECLARED} = ($name) => eval($name);\n`;
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
}
