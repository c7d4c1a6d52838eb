/** Checksums of files. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Returns the SHA-256 of a file in hexadecimal digits. */
export const sha256Of = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
