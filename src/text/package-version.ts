/** The version of this package from package.json. */

import { readFileSync } from 'node:fs';
import { packageFile } from './package-file.js';

export function packageVersion(): string {
  const text = readFileSync(packageFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
