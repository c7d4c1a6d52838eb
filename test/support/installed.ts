/** The package as its users have it: packed, and installed beside its dependencies, without the optional packages. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newFolder, root } from './cli.js';

export interface InstalledPackage {
  /** The folder of a user's program. */
  readonly folder: string;
  /** The packed file. */
  readonly tarball: string;
  readonly ensemble: string;
  readonly server: string;
}

/** Packs the build and installs it into a new folder, without a network. */
export function installPackage(): InstalledPackage {
  const folder = newFolder();
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const tarball = join(folder, filename);
  const modules = join(folder, 'node_modules');
  const here = join(modules, 'flux-ensemble');
  mkdirSync(here, { recursive: true });
  execFileSync('tar', ['xzf', tarball, '-C', here, '--strip-components', '1']);
  // `npm install` compiles it.
  symlinkSync(join(root, 'build'), join(here, 'build'));
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  const program = (name: string) => join(here, 'dist/cli', `${name}.js`);
  return { folder, tarball, ensemble: program('main'), server: program('server') };
}
