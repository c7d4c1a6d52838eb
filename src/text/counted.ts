/** Numbers with their nouns, singular or plural. */

/** `1 job`, `2 jobs`, `0 jobs`. `plural` is for nouns that do not only take an s: `2 entries`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** A number of times in words: `once`, `twice`, `3 times`. */
export function countedTimes(count: number): string {
  if (count === 1) return 'once';
  return count === 2 ? 'twice' : `${count} times`;
}
