/** The part of an output that a request wants. */

/** Maximum bytes of one answer. */
const MOST = 1_048_576;

export interface Wanted {
  /** The first byte; null for the last ones. */
  readonly from: number | null;
  /** Bytes at most. */
  readonly most: number;
}

export interface Piece {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The part of a header (RFC 9110, 14.2); null for a header that is ignored. */
function rangeOf(header: string): Wanted | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header) ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return { from: null, most: Math.min(Number(last), MOST) };
  const from = Number(first);
  if (last !== '' && Number(last) < from) return null;
  return { from, most: last === '' ? MOST : Math.min(Number(last) + 1 - from, MOST) };
}

/** The part that a request wants: that of its header, or its last bytes with `tail`, or the beginning. */
export function wantedOf(header: string, tail: number | undefined): Wanted {
  return rangeOf(header) ?? (tail === undefined ? { from: 0, most: MOST } : { from: null, most: tail });
}

/** The piece of an output of this size. Its beginning is beyond the end where the size is too small. */
export function pieceOf({ from, most }: Wanted, size: number): Piece {
  if (from === null) return { from: Math.max(0, size - most), to: size };
  return { from, to: Math.max(from, Math.min(size, from + most)) };
}

/** Takes an output whose size is unknown, and keeps only the wanted part. */
export class OutputWindow {
  readonly #wanted: Wanted;
  #kept: Buffer[] = [];
  #bytes = 0;
  /** Bytes so far. */
  size = 0;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  take(data: Buffer): void {
    const { from, most } = this.#wanted;
    const begin = this.size;
    this.size += data.length;
    if (from !== null) {
      const at = (place: number) => Math.min(data.length, Math.max(0, place - begin));
      const part = data.subarray(at(from), at(from + most));
      if (part.length > 0) this.#kept.push(part);
      return;
    }
    this.#kept.push(data);
    this.#bytes += data.length;
    let first = this.#kept[0];
    while (first !== undefined && this.#bytes - first.length >= most) {
      this.#bytes -= first.length;
      this.#kept.shift();
      first = this.#kept[0];
    }
  }

  /** The wanted part of what was taken. */
  get bytes(): Buffer {
    const { from, to } = pieceOf(this.#wanted, this.size);
    const all = Buffer.concat(this.#kept);
    return all.subarray(all.length - Math.min(all.length, to - from));
  }
}
