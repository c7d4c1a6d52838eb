/**
 * Run by the build: puts the types of the library into two files for each entry, one for `import` and one for `require()`,
 * and few that they share. Only the build imports this file.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { packageFile } from '../text/package-file.js';
import { LIBRARY } from './library-entries.js';

const folder = packageFile('dist');
const shared = join(folder, 'bundle/types');
/** An interface that a file adds to the one of another module. */
const ADDED =
  /^declare module '(?<module>[^']+)' \{\s*interface (?<name>\w+) \{\s*(?<key>\w+): (?<type>\w+);\s*\}\s*\}\n/gm;

interface Addition {
  /** The file with the interface, and the one with the type of the new key. */
  readonly to: string;
  readonly from: string;
  readonly name: string;
  readonly key: string;
  readonly type: string;
}

/** The files of the compiler with the types of modules, by their paths. */
const texts = new Map<string, string>();
const additions: Addition[] = [];
for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('.d.ts') || path.startsWith('bundle/')) continue;
  const from = join(folder, path);
  const text = readFileSync(from, 'utf8');
  for (const { groups } of text.matchAll(ADDED)) {
    const { module = '', name = '', key = '', type = '' } = groups ?? {};
    additions.push({ to: join(dirname(from), module.replace(/\.js$/, '.d.ts')), from, name, key, type });
  }
  const rest = text.replace(ADDED, '');
  if (/^declare module '\./m.test(rest)) throw new Error(`${path} adds to a module in an unknown form`);
  texts.set(from, rest);
}
// An interface gets the keys that other modules add to it: modules are gone in the bundle.
for (const { to, from, name, key, type } of additions) {
  const opening = `export interface ${name} {\n`;
  const text = texts.get(to) ?? '';
  if (!text.includes(opening)) throw new Error(`${to} has no interface ${name}`);
  const module = relative(dirname(to), from).replace(/\.d\.ts$/, '.js');
  const added = text.replace(opening, `${opening}    ${key}: ${type};\n`);
  texts.set(
    to,
    `import type { ${type} } from '${module.startsWith('.') ? module : `./${module}`}';\n${added}`,
  );
}

const build = await rolldown({
  input: Object.fromEntries(LIBRARY.map((entry) => [`${entry}.d`, join(folder, `${entry}.d.ts`)])),
  // Packages stay imports.
  external: /^[^./]/,
  plugins: [
    { name: 'additions', load: (id) => texts.get(id) ?? null },
    dts({ dtsInput: true, emitDtsOnly: true, sourcemap: false }),
  ],
});
const { output } = await build.generate({
  entryFileNames: '[name].ts',
  chunkFileNames: ({ name }) => `bundle/types/${name.replace(/\.d$/, '')}-[hash].d.ts`,
});
await build.close();

rmSync(shared, { recursive: true, force: true });
mkdirSync(shared, { recursive: true });
for (const file of output) {
  if (file.type !== 'chunk') continue;
  const path = join(folder, file.fileName);
  // A file of CommonJS imports others of CommonJS. Those that entries share serve `import` too: their types are the same.
  writeFileSync(path.replace(/\.ts$/, '.cts'), file.code.replaceAll(/(from "\.[^"]*)\.js"/g, '$1.cjs"'));
  if (file.isEntry)
    writeFileSync(path, file.code.replaceAll(/(from "\.[^"]*\/types\/[^"]*)\.js"/g, '$1.cjs"'));
}
