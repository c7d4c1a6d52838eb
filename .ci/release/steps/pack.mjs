/** The package as npm publishes it. */

import { Failure } from '../failure.mjs';
import { PREBUILT } from '../prebuilt.mjs';
import { mustRun } from '../process.mjs';

/** Largest size of the package, in bytes. */
const LIMIT = 4_000_000;

/** Files that every installation needs, and that git does not have. */
const NEEDED = [
  'dist/cli/main.js',
  'dist/index.js',
  'dist/bundle/LICENSES.txt',
  'dist/web/index.html',
  ...PREBUILT,
];

export const pack = {
  title: 'the package',

  async run(release) {
    // The build has been done, and `prepare` would do it again.
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', release.work];
    const [{ filename, size, files }] = JSON.parse(
      await mustRun('npm', args, { cwd: release.root, capture: true }),
    );
    const packed = new Set(files.map(({ path }) => path));
    const lost = NEEDED.find((path) => !packed.has(path));
    if (lost !== undefined)
      throw new Failure(
        `${filename} lacks ${lost}; expected it in the package: build it, and see 'files' of package.json`,
      );
    if (size > LIMIT)
      throw new Failure(
        `${filename} has ${size} bytes; expected at most ${LIMIT}: look for large files with \`npm pack --dry-run\``,
      );
    console.log(`${filename}: ${size} bytes in ${files.length} files`);
    release.tarball = filename;
  },
};
