/** The needs of a native file, as readelf of binutils shows them. */

import { execFileSync } from 'node:child_process';

const readelf = (...args: readonly string[]) =>
  execFileSync('readelf', ['-W', ...args], { encoding: 'utf8' });

/** Names of the shared libraries that it needs. */
export const librariesOf = (path: string): string[] =>
  [...readelf('-d', path).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name = '']) => name).sort();

/** Whether it is started without a dynamic linker. */
export const isStatic = (path: string): boolean => !/^\s*INTERP/m.test(readelf('-l', path));

export const machineOf = (path: string): string => /Machine:\s+(.*)/.exec(readelf('-h', path))?.[1] ?? '';

interface Symbols {
  /** Functions of others, with their version (`GLIBC_2.14`), or an empty one. */
  readonly needed: readonly { readonly name: string; readonly version: string }[];
  readonly given: ReadonlySet<string>;
}

export function symbolsOf(path: string): Symbols {
  const needed: { name: string; version: string }[] = [];
  const given = new Set<string>();
  for (const line of readelf('--dyn-syms', path).split('\n')) {
    const [, , , , binding = '', , section = '', symbol = ''] = line.trim().split(/\s+/);
    const [name = '', version = ''] = symbol.split(/@+/);
    if (name === '' || !/^(GLOBAL|WEAK)$/.test(binding)) continue;
    if (section !== 'UND') given.add(name);
    else if (binding === 'GLOBAL') needed.push({ name, version });
  }
  return { needed, given };
}
