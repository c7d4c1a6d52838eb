/** Commands that a message shows for a shell. */

/** Returns text in quotes, as one word for a shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns text as one word for a shell, in quotes where it needs them. */
export function shellWord(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : shellQuoted(text);
}
