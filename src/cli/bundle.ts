/**
 * Run by the build: puts the modules of the commands, and the libraries that every command needs, into few files. A
 * command then starts in half of the time. Only the build imports this file.
 */

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { packageFile } from '../text/package-file.js';

/** Libraries that few commands need, and those that are optional. They stay packages. */
const EXTERNAL = [/^@grpc\//, /^@kubernetes\//, /^@duckdb\//, /^@viz-js\//];

const folder = packageFile('dist/cli');
const chunks = join(folder, 'bundle');

/** The licenses of the packages with these modules, as their authors ask for in every copy. */
function licensesOf(modules: Iterable<string>): string {
  const packages = new Set<string>();
  for (const path of modules) {
    const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path);
    if (found !== null) packages.add(found[0]);
  }
  const texts = [...packages].sort().map((path) => {
    const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`the package ${name} has no file with its license`);
    return `${name} ${version}\n\n${readFileSync(join(path, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

const names = ['main', 'server'];
if (existsSync(chunks)) rmSync(chunks, { recursive: true });
const bundle = await rolldown({
  input: Object.fromEntries(names.map((name) => [name, join(folder, `${name}.js`)])),
  platform: 'node',
  external: EXTERNAL,
});
const { output } = await bundle.write({
  dir: folder,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'bundle/[name]-[hash].js',
});
await bundle.close();
const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
writeFileSync(join(chunks, 'LICENSES.txt'), licensesOf(modules));
