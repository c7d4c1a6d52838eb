/** Hashes of rows, to find those that repeat without keeping all of them. */

/** A hash of 53 bits: two rounds of FNV-1a (Fowler, Noll, Vo) with different offsets. */
export function hashOf(text: string): number {
  let [one, other] = [0x811c9dc5, 0x050c5d1f];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul(other ^ unit ^ (one >>> 13), 0x01000193);
  }
  return (one >>> 0) * 2 ** 21 + ((other >>> 0) & 0x1fffff);
}
