/** Shows values from a configuration in messages. */

const MAX_QUOTE = 60;

/** Returns text in single quotes, on one line, shortened to 60 characters. */
export function quote(text: string): string {
  const shown = text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE - 3)}...` : text;
  return `'${escapeControls(shown)}'`;
}

/** Escapes control characters. A message then stays on its line and can't control a terminal. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Escapes control characters other than newlines and tabs. JSON stays JSON with the same value. */
export function escapeLines(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, escapeControls);
}

/**
 * Escapes a message that is printed after a prefix. Its further lines are indented, so that none looks like another
 * message.
 */
export function escapeMessage(text: string): string {
  return escapeLines(text).replaceAll('\n', '\n  ');
}

/** A value in words: `a list`, `the string 'x'`, `the number 3`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : `the string ${quote(value)}`;
    case 'number':
    case 'bigint':
      return `the number ${value}`;
    case 'boolean':
      return `the boolean ${value}`;
    case 'object':
      return 'a mapping';
    default:
      return `a ${typeof value}`;
  }
}
