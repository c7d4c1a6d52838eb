/** Sobol sequences with the direction numbers of Joe and Kuo, and nested uniform scrambling as Owen has it. */

import { readFileSync } from 'node:fs';
import { packageFile } from '../../text/package-file.js';

/** Dimensions of which the direction numbers are known. */
export const MAX_SOBOL_DIMENSIONS = 1000;

const BITS = 32;

/** The polynomials and first numbers of the dimensions after the first one, as in joe-kuo.txt. */
function readNumbers(): number[][] {
  return readFileSync(packageFile('src/language/design/joe-kuo.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ').map(Number));
}

/** The direction numbers of one dimension, from the most significant bit on. */
function directionsOf(numbers: readonly number[] | undefined): Uint32Array {
  const directions = new Uint32Array(BITS);
  if (numbers === undefined) {
    for (let i = 0; i < BITS; i++) directions[i] = 2 ** (BITS - 1 - i);
    return directions;
  }
  const [polynomial = 0, ...first] = numbers;
  const degree = first.length;
  for (let i = 0; i < BITS; i++) {
    if (i < degree) {
      directions[i] = ((first[i] ?? 0) << (BITS - 1 - i)) >>> 0;
      continue;
    }
    const last = directions[i - degree] ?? 0;
    let direction = last ^ (last >>> degree);
    for (let k = 1; k < degree; k++) {
      if (((polynomial >>> (degree - k)) & 1) === 1) direction ^= directions[i - k] ?? 0;
    }
    directions[i] = direction >>> 0;
  }
  return directions;
}

/** The points of a Sobol sequence in the order of the Gray code, which begins with 0. */
export class SobolSequence {
  readonly #directions: readonly Uint32Array[];

  /** `dimensions` is MAX_SOBOL_DIMENSIONS at most. */
  constructor(dimensions: number) {
    const numbers = dimensions > 1 ? readNumbers() : [];
    this.#directions = Array.from({ length: dimensions }, (_, i) =>
      directionsOf(i === 0 ? undefined : numbers[i - 1]),
    );
  }

  /** Point number `index`, below 2³²: an integer below 2³² for each dimension, which stands for its 2⁻³²th part. */
  at(index: number): Uint32Array {
    const point = new Uint32Array(this.#directions.length);
    const gray = (index ^ (index >>> 1)) >>> 0;
    for (let bit = 0; bit < BITS; bit++) {
      if (((gray >>> bit) & 1) === 0) continue;
      for (const [dimension, directions] of this.#directions.entries()) {
        point[dimension] = ((point[dimension] ?? 0) ^ (directions[bit] ?? 0)) >>> 0;
      }
    }
    return point;
  }
}

/** Mixes the bits of a number: `lowbias32` of C. Wellons. */
function mixed(number: number): number {
  let bits = number ^ (number >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Scrambles a coordinate: each bit is flipped or not, which depends on all bits before it (Owen 1995). `seeds` has a
 * random number for each bit.
 */
export function scrambled(coordinate: number, seeds: Uint32Array): number {
  let result = 0;
  for (let bit = BITS - 1; bit >= 0; bit--) {
    const before = bit === BITS - 1 ? 0 : coordinate >>> (bit + 1);
    const flip = mixed((seeds[bit] ?? 0) ^ mixed(before + 1)) & 1;
    result |= (((coordinate >>> bit) & 1) ^ flip) << bit;
  }
  return result >>> 0;
}
