/** Guests of a Flux instance, as flux-core's own tests make them: the owner's messages carry the role of a user. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { newFolder, root } from './cli.js';

/** The environment of a guest whose submissions are refused, because this Flux can't sign them. */
export const unsigned = { FLUX_HANDLE_ROLEMASK: '0x2' };

/** The environment of a guest whose submissions are accepted. */
export function guest(): NodeJS.ProcessEnv {
  const library = join(newFolder(), 'owner-signs.so');
  const source = join(root, 'test/support/owner-signs.c');
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  return { ...unsigned, LD_PRELOAD: library };
}
