/** Halton sequences: each dimension has the digits of the index in a prime base, in reverse. */

/** The first primes. */
export function primes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number++) {
    const isPrime = found.every((prime) => prime * prime > number || number % prime !== 0);
    if (isPrime) found.push(number);
  }
  return found;
}

/** How a digit is replaced: by `factor * digit + shift`, modulo the base. */
export interface DigitMap {
  readonly factor: number;
  readonly shift: number;
}

/** Digits that a double can hold. */
export const digitsOf = (base: number): number => Math.ceil(53 / Math.log2(base));

/**
 * The coordinate of the point `index` in a base. With maps, one for each digit, it is scrambled: random linear scrambling as
 * in J. Matoušek, Journal of Complexity 14 (1998). Zeros after the last digit are replaced, too.
 */
export function halton(index: number, base: number, maps: readonly DigitMap[] = []): number {
  let rest = index;
  let share = 1;
  let coordinate = 0;
  for (let digit = 0; digit < digitsOf(base); digit++) {
    share /= base;
    const { factor = 1, shift = 0 } = maps[digit] ?? {};
    coordinate += (((rest % base) * factor + shift) % base) * share;
    rest = Math.floor(rest / base);
  }
  return coordinate;
}
