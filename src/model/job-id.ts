/**
 * Job ids like Flux's (RFC 19): 64 bits that grow with time, and their base58 spelling for people. An id is
 * never a `number`, because it exceeds 2^53 after six days.
 */

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BASE = 58n;
const MAX_ID = (1n << 64n) - 1n;

/** 40 bits of milliseconds, 14 bits of generator, 10 bits of sequence. */
const MILLISECOND_SHIFT = 24n;
const GENERATOR_SHIFT = 10n;
const GENERATORS = 1 << 14;
const IDS_PER_MILLISECOND = 1024;

export interface JobIdOptions {
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
  /** Milliseconds for the first id: the ids of a run that goes on are then larger than its earlier ones. */
  readonly elapsed?: number;
  /** Generators of different numbers never make the same id. */
  readonly generator?: number;
}

/** Makes ids that only ever grow. */
export class JobIdGenerator {
  readonly #now: () => number;
  readonly #epoch: number;
  readonly #generator: bigint;
  /** Begins after 0, so that 0 is never the id of a job. */
  #millisecond = 0;
  #sequence = IDS_PER_MILLISECOND;

  constructor({ now = () => performance.now(), elapsed = 0, generator = 0 }: JobIdOptions = {}) {
    this.#now = now;
    this.#epoch = now() - Math.max(0, elapsed);
    this.#generator = BigInt(generator % GENERATORS) << GENERATOR_SHIFT;
  }

  /** Returns the next id. A millisecond without ids left takes one from the next millisecond. */
  next(): bigint {
    const elapsed = Math.floor(this.#now() - this.#epoch);
    if (elapsed > this.#millisecond) {
      this.#millisecond = elapsed;
      this.#sequence = 0;
    } else if (this.#sequence === IDS_PER_MILLISECOND) {
      this.#millisecond++;
      this.#sequence = 0;
    }
    const time = BigInt(this.#millisecond) << MILLISECOND_SHIFT;
    return time | this.#generator | BigInt(this.#sequence++);
  }
}

/** The F58 form of an id, as Flux prints it: `ƒ31E8hNw`. `prefix` is `f` for ASCII only. */
export function formatJobId(id: bigint, prefix: 'ƒ' | 'f' = 'ƒ'): string {
  let digits = '';
  let rest = id;
  do {
    digits = ALPHABET.charAt(Number(rest % BASE)) + digits;
    rest /= BASE;
  } while (rest > 0n);
  return prefix + digits;
}

/** Parses an id in F58 (`ƒ...` or `f...`), decimal, or hexadecimal (`0x...`); null for an invalid text. */
export function parseJobId(text: string): bigint | null {
  const f58 = /^[ƒf](.+)$/u.exec(text)?.[1];
  let id: bigint;
  if (f58 !== undefined) {
    id = 0n;
    for (const character of f58) {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) return null;
      id = id * BASE + BigInt(digit);
      if (id > MAX_ID) return null; // This check also bounds the cost of a long text.
    }
  } else if (/^(?:\d{1,20}|0x[\da-f]{1,16})$/iu.test(text)) {
    id = BigInt(text);
  } else {
    return null;
  }
  return id <= MAX_ID ? id : null;
}
