/**
 * Prints the files to compile for a list of native/sources.json: `node native/units.mjs core`. They are units of several
 * files each, which it writes to build/units: a build from clean takes a third of the time so. With `ENSEMBLE_UNITS=0` they
 * are the files themselves, so that a build after a small change is quick.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Files of a unit. More of them need more memory at once. */
const SIZE = 11;
/** As many files are not worth a unit. */
const FEW = 2;

const root = new URL('..', import.meta.url);
const [list] = process.argv.slice(2);
const files = JSON.parse(readFileSync(new URL('native/sources.json', root), 'utf8'))[list];
if (!Array.isArray(files)) {
  console.error(`native/units.mjs: native/sources.json has no list '${list}'`);
  process.exit(2);
}
const isPlain = process.env.ENSEMBLE_UNITS === '0' || files.length <= FEW;
console.log((isPlain ? files : unitsOf(files)).join(' '));

function unitsOf(files) {
  mkdirSync(new URL('build/units/', root), { recursive: true });
  return Array.from({ length: Math.ceil(files.length / SIZE) }, (_, i) => {
    const path = `build/units/${list}_${i}.cpp`;
    const included = files
      .slice(i * SIZE, (i + 1) * SIZE)
      .map((file) => `#include "${file.replace(/^native\//, '')}"\n`);
    write(fileURLToPath(new URL(path, root)), included.join(''));
    return path;
  });
}

/** An unchanged unit keeps its time, so that it is not compiled again. */
function write(path, text) {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch {
    // It does not exist.
  }
  writeFileSync(path, text);
}
