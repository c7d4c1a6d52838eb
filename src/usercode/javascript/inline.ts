/** JavaScript in the `custom:` block of a file. */

/** The export by which the names that a block declares are looked up. */
export const DECLARED = '$declared';

/**
 * The block as the URL of a module. Functions need no `export`. Empty lines in front make the lines of a stack trace
 * those of the YAML file; `line` is the block's first one there.
 */
export function inlineModule(source: string, line: number | null): string {
  const padding = '\n'.repeat(Math.max(0, (line ?? 1) - 1));
  const text = `${padding}${source}\nexport const ${DECLARED} = ($name) => eval($name);\n`;
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
}
