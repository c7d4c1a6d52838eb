/** The checksums of all files. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SUMS = 'SHA256SUMS';

export const sums = {
  title: 'checksums',

  async run({ work }) {
    const sumOf = (name) =>
      createHash('sha256')
        .update(readFileSync(join(work, name)))
        .digest('hex');
    const lines = readdirSync(work)
      .sort()
      .map((name) => `${sumOf(name)}  ${name}\n`);
    writeFileSync(join(work, SUMS), lines.join(''));
    console.log(`${SUMS} has ${lines.length} files`);
  },
};
