/**
 * Run by the build: puts the modules of the commands, of the library and of its other processes, and the libraries that
 * they need, into few files. A process then starts in half of the time. Only the build imports this file.
 */

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { type PluginContext, type RolldownOutput, rolldown } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';
import { packageFile } from '../text/package-file.js';
import { IMPORT } from './cached-script.js';
import { LIBRARY } from './library-entries.js';
import { licensesOf } from './licenses.js';

/** Libraries that few commands need, and those that are optional. They stay packages; all others are only needed by the build. */
const EXTERNAL = [
  /^@grpc\//,
  /^@kubernetes\//,
  /^@duckdb\//,
  /^@viz-js\//,
  /^jiti$/,
  /^json-p3$/,
  /^nodemailer$/,
  /^undici$/,
  /^@opentelemetry\//,
];

/** Files get smaller by a third. Names of functions and classes stay, for the traces of errors. */
const MINIFY = { compress: { keepNames: { function: true, class: true } }, mangle: { keepNames: true } };

/** The contents of a bundle. */
interface Parts {
  /**
   * The form of its files: ES modules; scripts in CommonJS, for which bytecode can be kept; or CommonJS for `require()`.
   * The last form has an ES module for `import` as well, so that both give the same objects.
   */
  readonly form: 'modules' | 'scripts' | 'required';
  /** The files that a user or a process of this package starts or imports. They stay where they are. */
  readonly entries: readonly string[];
  /**
   * Modules that are loaded together, in one file: all that a module imports, without those of the lines above. Other
   * modules are grouped by the entries that import them.
   */
  readonly layers: readonly (readonly [name: string, module: string])[];
  /** Libraries that stay packages in this bundle only. */
  readonly external?: readonly RegExp[];
}

/**
 * Bundles that share no file. The library exports all of zod, of which the commands need a third, so that the package is a
 * dependency.
 */
const PARTS: Readonly<Record<string, Parts>> = {
  commands: {
    form: 'scripts',
    entries: [
      'cli/main',
      'cli/server',
      'api/jobs/thread',
      'measure/child',
      'plugins/catalog-child',
      'plugins/catalog-thread',
      'usercode/javascript/child',
      'usercode/optimizer/child',
    ],
    layers: [
      ['begin', 'cli/begin'],
      ['version', 'cli/version'],
      ['command', 'cli/commands'],
      ['config', 'cli/validate'],
      ['run', 'cli/run'],
    ],
  },
  plugins: {
    form: 'modules',
    entries: ['plugins/actions', 'plugins/lammps/plugin'],
    layers: [],
    external: [/^zod$/],
  },
  tables: { form: 'modules', entries: ['rows/parquet-thread'], layers: [] },
  library: {
    form: 'required',
    entries: LIBRARY,
    layers: [['library', 'index']],
    external: [/^zod$/],
  },
};

type Output = RolldownOutput['output'];

const folder = packageFile('dist');
const chunks = join(folder, 'bundle');
const fileOf = (module: string) => join(folder, `${module}.js`);

/** Returns the module and all modules that it imports when it is loaded. */
function importsOf(context: PluginContext, module: string, found = new Set<string>()): Set<string> {
  if (found.has(module)) return found;
  found.add(module);
  for (const imported of context.getModuleInfo(module)?.importedIds ?? [])
    importsOf(context, imported, found);
  return found;
}

/** Makes a bundle. Its entries replace the files that they were made from, so it is written after all were made. */
async function make(name: string, { form, entries, layers, external = [] }: Parts): Promise<Output> {
  /** The layer of each module that has one. */
  const layerOf = new Map<string, string>();
  const build = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, fileOf(entry)])),
    platform: 'node',
    external: [...EXTERNAL, ...external],
    preserveEntrySignatures: form === 'required' ? 'strict' : 'allow-extension',
    plugins: [
      {
        name: 'layers',
        buildEnd() {
          for (const [layer, module] of layers) {
            for (const id of importsOf(this, fileOf(module))) {
              if (!layerOf.has(id)) layerOf.set(id, layer);
            }
          }
        },
      },
    ],
  });
  const { output } = await build.generate({
    format: form === 'modules' ? 'esm' : 'cjs',
    entryFileNames: { modules: '[name].js', scripts: `bundle/${name}/[name].cjs`, required: '[name].cjs' }[
      form
    ],
    chunkFileNames: `bundle/${name}/[name]-[hash].${form === 'modules' ? 'js' : 'cjs'}`,
    minify: MINIFY,
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: layers.length === 0 || {
      includeDependenciesRecursively: form === 'required',
      groups: layers.map(([layer]) => ({ name: layer, test: (id) => layerOf.get(id) === layer })),
    },
  });
  await build.close();
  return output;
}

/**
 * Makes one CommonJS file of a library of ES modules, which the program can load when it needs it, without waiting.
 */
async function makeLate(library: string, path: string): Promise<Output> {
  const build = await rolldown({ input: library, platform: 'node' });
  const { output } = await build.generate({
    format: 'cjs',
    exports: 'default',
    entryFileNames: path,
    minify: MINIFY,
  });
  await build.close();
  return output;
}

const outputs: (readonly [Parts['form'], Output])[] = [
  ['scripts', await makeLate('string-width', 'text/string-width.cjs')],
];
for (const [name, parts] of Object.entries(PARTS)) outputs.push([parts.form, await make(name, parts)]);

if (existsSync(chunks)) rmSync(chunks, { recursive: true });
const modules: string[] = [];
function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
/** Replaces the keyword of each `import()` in a script; see cached-script.ts. */
function withoutImports(code: string): string {
  const places: number[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, start } = node as { type?: unknown; start?: unknown };
    if (type === 'ImportExpression') places.push(Number(start));
    for (const part of Object.values(node)) visit(part);
  };
  visit(parseAst(code));
  let text = code;
  for (const place of places.sort((a, b) => b - a)) {
    text = `${text.slice(0, place)}${IMPORT}${text.slice(place + 'import'.length)}`;
  }
  return text;
}

/** Returns a script in ASCII, which V8 reads in half of the time. */
const scriptOf = (code: string) =>
  withoutImports(code.replace(/^#!.*/, '')).replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Returns an ES module with the exports of a module of CommonJS in the same folder. */
function importOf(file: string, names: readonly string[]): string {
  const place = JSON.stringify(`./${basename(file)}`);
  return `import library from ${place};\nexport const { ${names.join(', ')} } = library;\n`;
}

for (const [form, output] of outputs) {
  for (const file of output) {
    if (file.type !== 'chunk') continue;
    write(file.fileName, form === 'scripts' ? scriptOf(file.code) : file.code);
    if (form === 'required' && file.isEntry) {
      write(file.fileName.replace(/\.cjs$/, '.js'), importOf(file.fileName, file.exports));
    }
    modules.push(...file.moduleIds);
  }
}
// Each script is started by the module that it was made from.
for (const [name, { form, entries }] of Object.entries(PARTS)) {
  if (form !== 'scripts') continue;
  for (const entry of entries) {
    const up = relative(dirname(entry), '.');
    write(
      `${entry}.js`,
      `#!/usr/bin/env node
import { runScript } from '${up}/cli/cached-script.js';
runScript(new URL('${up}/bundle/${name}/${entry}.cjs', import.meta.url));
`,
    );
  }
}
writeFileSync(join(chunks, 'LICENSES.txt'), licensesOf(modules));
