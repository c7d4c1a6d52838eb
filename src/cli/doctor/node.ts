/** The version of Node. */

import { readFileSync } from 'node:fs';
import { packageFile } from '../../text/package-file.js';
import { broken, type Check, ok } from './finding.js';

/** Returns whether a version is at least that of a range `>=20` or `>=20.1`. Other ranges hold for every version. */
export function satisfies(version: string, range: string): boolean {
  const least = /^>=\s*([\d.]+)$/.exec(range)?.[1]?.split('.').map(Number) ?? [];
  const found = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, part] of least.entries()) {
    const other = found[index] ?? 0;
    if (other !== part) return other > part;
  }
  return true;
}

export const node: Check = {
  name: 'node',
  needed: true,
  run: () => {
    const text = readFileSync(packageFile('package.json'), 'utf8');
    const { node: range } = (JSON.parse(text) as { engines: { node: string } }).engines;
    const { node: version } = process.versions;
    const found = `Node ${version} (${process.execPath}), where ${range} is needed`;
    return satisfies(version, range)
      ? ok(found)
      : broken(found, 'install a newer Node, and this package again');
  },
};
