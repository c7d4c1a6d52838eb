/**
 * Follows the frames of a Zstandard stream (RFC 8878) to detect an incomplete one, because Node does not report it.
 */

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a5;
const RUN_LENGTH_BLOCK = 1;

/** The number of bytes expected next, whether to skip them, and whether the stream may end before them. */
interface Wanted {
  readonly bytes: number;
  readonly skip?: boolean;
  readonly mayEnd?: boolean;
}

/** Walks from frame to frame. Returns at bytes that do not begin a frame. */
function* walk(): Generator<Wanted, void, Buffer> {
  for (;;) {
    const magic = (yield { bytes: 4, mayEnd: true }).readUInt32LE();
    if (magic === FRAME) yield* walkFrame();
    else if (magic >>> 4 === SKIPPABLE) yield { bytes: (yield { bytes: 4 }).readUInt32LE(), skip: true };
    else return;
  }
}

function* walkFrame(): Generator<Wanted, void, Buffer> {
  const descriptor = (yield { bytes: 1 }).readUInt8();
  const single = (descriptor & 0x20) !== 0;
  const windowBytes = single ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  yield { bytes: windowBytes + dictionaryBytes + sizeBytes, skip: true };
  for (let last = false; !last; ) {
    const header = (yield { bytes: 3 }).readUIntLE(0, 3);
    last = (header & 1) === 1;
    yield { bytes: ((header >>> 1) & 3) === RUN_LENGTH_BLOCK ? 1 : header >>> 3, skip: true };
  }
  if ((descriptor & 0x04) !== 0) yield { bytes: 4, skip: true };
}

export class ZstdFrames {
  readonly #walk = walk();
  /** Null after bytes that do not begin a frame. */
  #wanted: Wanted | null = this.#walk.next().value ?? null;
  /** The expected bytes received so far, and their content unless they are skipped. */
  #come = 0;
  #kept: Buffer = Buffer.alloc(0);

  /** Adds a piece of the compressed stream, cut anywhere. */
  push(piece: Uint8Array): void {
    let rest = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    while (this.#wanted !== null && rest.length > 0) {
      const taken = rest.subarray(0, this.#wanted.bytes - this.#come);
      rest = rest.subarray(taken.length);
      this.#come += taken.length;
      if (!this.#wanted.skip) this.#kept = Buffer.concat([this.#kept, taken]);
      while (this.#wanted !== null && this.#come === this.#wanted.bytes) {
        this.#wanted = this.#walk.next(this.#kept).value ?? null;
        this.#come = 0;
        this.#kept = Buffer.alloc(0);
      }
    }
  }

  /** Whether the stream may end here; null after bytes that are not a Zstandard stream. */
  get whole(): boolean | null {
    if (this.#wanted === null) return null;
    return this.#wanted.mayEnd === true && this.#come === 0;
  }
}
