/** The checksums of all files. */

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Of } from '../sha256.mjs';

export const SUMS = 'SHA256SUMS';

export const sums = {
  title: 'checksums',

  async run({ work }) {
    const lines = readdirSync(work)
      .sort()
      .map((name) => `${sha256Of(join(work, name))}  ${name}\n`);
    writeFileSync(join(work, SUMS), lines.join(''));
    console.log(`${SUMS} has ${lines.length} files`);
  },
};
