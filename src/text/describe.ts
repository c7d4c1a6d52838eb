/** How values that were found in a configuration are shown in messages. */

const LONGEST_QUOTE = 60;

/** Text in single quotes, on one line and not too long. */
export function quote(text: string): string {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE - 3)}...` : text;
  return `'${escapeControls(shown)}'`;
}

/** Makes control characters visible, so that a message stays on its line and can't steer a terminal. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The same for text of several lines: newlines and tabs stay. In JSON, what comes out is JSON with the same value. */
export function escapeLines(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, escapeControls);
}

/** A message as it is printed behind a prefix: its further lines are indented, so that none looks like another message. */
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
