/** What to do about YAML that can't be read: mostly, a value that needs quotes. */

/** A message with the place that it is about. */
export interface YamlHint {
  readonly message: string;
  readonly offset: number;
}

/** Characters with which no plain value of YAML can begin, and what they begin instead. */
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
  /** Of the value. */
  readonly offset: number;
}

/** What to do about the YAML at a place where it can't be read; null when that can't be told. */
export function hintAt(text: string, offset: number): YamlHint | null {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
  const glued = /^(\s*(?:- +)*[A-Za-z]\w*):(?=[^\s:/])(?!.*: )/.exec(line);
  if (glued?.[1] !== undefined) {
    const message = `a blank must stand behind the colon: ${glued[1].trim()}: ${line.slice(glued[0].length)}`;
    return { message, offset: start + glued[1].length };
  }
  const entry = entryAt(line, offset - start);
  const reason = entry && whyNot(entry.value);
  if (!entry || !reason) return null;
  const message = `${reason}; put the value in quotes: ${entry.key}: ${inQuotes(entry.value)}`;
  return { message, offset: start + entry.offset };
}

/** The value, of which it is known that something is wrong with it, in quotes. */
export function inQuotes(value: string): string {
  return /["\\]/.test(value) ? `'${value.replaceAll("'", "''")}'` : `"${value}"`;
}

/** The entry whose value holds, or ends before, a character of a line. */
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

/** A value in a flow collection ends at a comma or at the collection's end; tags in braces belong to it. */
function endOfFlow(rest: string): string {
  return /^(?:\{\{.*?\}\}|[^,}\]])*/.exec(rest)?.[0].trimEnd() ?? rest;
}

/** Why a value can't stand without quotes; null when it can. */
function whyNot(value: string): string | null {
  const first = value[0] ?? '';
  if (/^[>|][-+0-9]*$/.test(value) || (first === '-' && !/^- /.test(value))) return null;
  if (first === '@' || first === '`') return `no value can begin with ${first}`;
  const begun = BEGINS.get(first);
  if (first === '"' || first === "'") return 'the quoted text ends before the value does';
  if (begun !== undefined) return `'${first}' begins ${begun} in YAML`;
  return value.includes(': ') ? 'a colon and a blank begin a mapping in YAML' : null;
}
