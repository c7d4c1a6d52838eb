/** A number with its noun, as English has it. */

/** `1 job`, `2 jobs`, `0 jobs`; `plural` is for nouns that do not just take an s: `2 entries`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** The same for how often something happened: `once`, `twice`, `3 times`. */
export function countedTimes(count: number): string {
  if (count === 1) return 'once';
  return count === 2 ? 'twice' : `${count} times`;
}
