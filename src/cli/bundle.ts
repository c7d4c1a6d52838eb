/**
 * Run by the build: puts the modules of the commands, and the libraries that every command needs, into few files. A
 * command then starts in half of the time. Only the build imports this file.
 */

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { packageFile } from '../text/package-file.js';
import { licensesOf } from './licenses.js';

/** Libraries that few commands need, and those that are optional. They stay packages. */
const EXTERNAL = [
  /^@grpc\//,
  /^@kubernetes\//,
  /^@duckdb\//,
  /^@viz-js\//,
  /^nodemailer$/,
  /^undici$/,
  /^@opentelemetry\//,
];

const folder = packageFile('dist/cli');
const chunks = join(folder, 'bundle');

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
