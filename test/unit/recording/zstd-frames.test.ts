import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZstdFrames } from '../../../src/recording/zstd-frames.js';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const raw = (text: string, last: boolean) => {
  const header = (text.length << 3) | (last ? 1 : 0);
  return [header & 0xff, (header >> 8) & 0xff, header >> 16, ...Buffer.from(text)];
};

/** Frames written by hand, in the form of RFC 8878. */
const frames = {
  'one segment, its size in a byte': [...MAGIC, 0x20, 5, ...raw('hello', true)],
  'a window, two blocks and a checksum': [
    ...MAGIC,
    0x04,
    0x50,
    ...raw('he', false),
    ...raw('llo', true),
    1,
    2,
    3,
    4,
  ],
  'a dictionary of two bytes, a size of eight': [
    ...MAGIC,
    0xc2,
    0x50,
    1,
    2,
    ...Array(8).fill(0),
    ...raw('a', true),
  ],
  // 1,000 times one byte.
  'a block of a run length': [...MAGIC, 0x20, 5, ((1000 << 3) & 0xff) | 3, (1000 << 3) >> 8, 0, 0x61],
  'what is passed over': [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9],
};

function wholeAfter(bytes: readonly number[], cut: number): boolean | null {
  const walk = new ZstdFrames();
  walk.push(Uint8Array.from(bytes.slice(0, cut)));
  walk.push(Uint8Array.from(bytes.slice(cut)));
  return walk.whole;
}

describe('the frames of Zstandard', () => {
  test.each(Object.entries(frames))('%s: complete at its end only', (_name, frame) => {
    expect(new ZstdFrames().whole).toBe(true);
    for (let length = 1; length <= frame.length; length++) {
      expect(wholeAfter(frame.slice(0, length), Math.floor(length / 2))).toBe(length === frame.length);
    }
  });

  test('follow each other, in pieces that end anywhere', () => {
    const all = Object.values(frames).flat();
    const ends = new Set<number>([0]);
    for (let i = 0, sum = 0; i < Object.values(frames).length; i++) {
      sum += Object.values(frames)[i]?.length ?? 0;
      ends.add(sum);
    }
    fc.assert(
      fc.property(fc.nat(all.length), fc.nat(all.length), (length, cut) => {
        expect(wholeAfter(all.slice(0, length), Math.min(cut, length))).toBe(ends.has(length));
      }),
    );
  });

  test('are not found in other data', () => {
    expect(wholeAfter([...Object.values(frames).flat(), 1, 2, 3, 4, 5], 7)).toBe(null);
  });
});
