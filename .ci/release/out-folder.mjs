/** The folder with the files of a release. */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { SUMS } from './steps/sums.mjs';

/** Fails when the folder has files that are not those of an earlier release. */
export function checkOut(out) {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, SUMS)))
    throw new Failure(
      `${out} has files, and no ${SUMS} of an earlier release; expected an empty folder: give another --out`,
    );
}

/** Moves the files into the folder, in place of those of an earlier release. */
export function deliver(work, out) {
  mkdirSync(out, { recursive: true });
  const sums = join(out, SUMS);
  const earlier = existsSync(sums) ? readFileSync(sums, 'utf8') : '';
  for (const [, name] of earlier.matchAll(/^[0-9a-f]{64} {2}([^/\n]+)$/gm))
    rmSync(join(out, name), { force: true });
  for (const name of readdirSync(work)) copyFileSync(join(work, name), join(out, name));
}
