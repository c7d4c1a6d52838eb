/** Options whose value is a number of bytes. */

import { InvalidArgumentError } from 'commander';
import { parseBytes } from '../text/bytes.js';

/** Reads a size above 0, for commander. */
export function sizeOption(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== null && bytes > 0) return bytes;
  throw new InvalidArgumentError('It must be a size like 500MB, 10GB or 2GiB, or a number of bytes.');
}
