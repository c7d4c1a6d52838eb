/**
 * The native files of this package. Those that were compiled on this machine (build/Release) come before the prebuilt ones
 * (prebuilds/, in the layout of prebuildify).
 */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageFile } from '../text/package-file.js';

interface NodeGypBuild {
  /** Path of the addon of a package; throws Error when it has none for this machine. */
  path(folder: string): string;
}

const require = createRequire(import.meta.url);
const compiled = packageFile('build/Release/flux_ensemble.node');

function findAddon(): string {
  try {
    return (require('node-gyp-build') as NodeGypBuild).path(packageFile('.'));
  } catch {
    // The message about this file says what to do.
    return compiled;
  }
}

let found: string | null = null;

/** Returns the path of the addon for this machine. */
export function addonPath(): string {
  found ??= findAddon();
  return found;
}

/** Returns the path of the program that starts jobs and user programs. */
export const spawnerPath = (): string => join(dirname(addonPath()), 'ensemble-spawner');
