/** Suggests corrections of invalid YAML, mostly of a value that needs quotes. */

/** A message with the position that it concerns. */
export interface YamlHint {
  readonly message: string;
  readonly offset: number;
}

/** Characters that can't begin a plain value in YAML, and their meaning. */
const BEGINS: ReadonlyMap<string, string> = new Map([
  ['>', 'a block of text'],
  ['|', 'a block of text'],
  ['!', 'a tag'],
  ['*', 'an alias'],
  ['&', 'an anchor'],
  ['{', 'a mapping'],
  ['[', 'a list'],
  ['%', 'a directive'],
  ['-', 'an item of a list'],
  ['?', 'a key'],
]);

/** An entry `key: value` of one line. */
interface Entry {
  readonly key: string;
  readonly value: string;
  /** Offset of the value. */
  readonly offset: number;
}

/** Suggests a correction at a position of invalid YAML; null where the cause is unknown. */
export function hintAt(text: string, offset: number): YamlHint | null {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
  const glued = /^(\s*(?:- +)*[A-Za-z]\w*):(?=[^\s:/])(?!.*: )/.exec(line);
  if (glued?.[1] !== undefined) {
    const message = `a blank must follow the colon: ${glued[1].trim()}: ${line.slice(glued[0].length)}`;
    return { message, offset: start + glued[1].length };
  }
  const entry = entryAt(line, offset - start);
  const reason = entry && whyNot(entry.value);
  if (!entry || !reason) return null;
  const message = `${reason}; put the value in quotes: ${entry.key}: ${inQuotes(entry.value)}`;
  return { message, offset: start + entry.offset };
}

/** Returns a value in quotes. */
export function inQuotes(value: string): string {
  return /["\\]/.test(value) ? `'${value.replaceAll("'", "''")}'` : `"${value}"`;
}

/** Returns the entry whose value contains a character of a line, or ends before it. */
function entryAt(line: string, at: number): Entry | null {
  const keys = [...line.matchAll(/(^\s*(?:- +)*|[{,]\s*)([A-Za-z_][\w.-]*):[ \t]+(?=\S)/g)];
  const found = keys.findLast(({ index, 0: whole }) => index + whole.length <= at);
  if (found === undefined) return null;
  const offset = found.index + found[0].length;
  const inFlow = /[{[]/.test(line.slice(0, found.index + (found[1] ?? '').length));
  const rest = line
    .slice(offset)
    .replace(/\s+#.*$/, '')
    .trimEnd();
  return { key: found[2] ?? '', value: inFlow ? endOfFlow(rest) : rest, offset };
}

/** Returns a value in a flow collection, up to a comma or the collection's end. Tags in braces belong to it. */
function endOfFlow(rest: string): string {
  return /^(?:\{\{.*?\}\}|[^,}\]])*/.exec(rest)?.[0].trimEnd() ?? rest;
}

/** Returns why a value needs quotes; null when it does not. */
function whyNot(value: string): string | null {
  const first = value[0] ?? '';
  if (/^[>|][-+0-9]*$/.test(value) || (first === '-' && !/^- /.test(value))) return null;
  if (first === '@' || first === '`') return `a plain value can't begin with ${first}`;
  const begun = BEGINS.get(first);
  if (first === '"' || first === "'") return 'the quoted text ends before the value does';
  if (begun !== undefined) return `'${first}' begins ${begun} in YAML`;
  return value.includes(': ') ? 'a colon and a blank begin a mapping in YAML' : null;
}
