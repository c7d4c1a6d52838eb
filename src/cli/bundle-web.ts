/** Run by the build: makes the files of the dashboard in dist/web from web/. Only the build imports this file. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { packageFile } from '../text/package-file.js';
import { licensesOf } from './licenses.js';

const folder = packageFile('dist/web');

// Relative paths, so that the page may be mounted below any path.
const built = await build({
  configFile: false,
  root: packageFile('web'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: folder,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
const { output } = built as Rolldown.RolldownOutput;
const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
writeFileSync(join(folder, 'LICENSES.txt'), licensesOf(modules));
