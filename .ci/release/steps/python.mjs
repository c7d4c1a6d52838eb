/** The wheel and the sources of the Python package. */

import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Failure } from '../failure.mjs';
import { mustRun, run } from '../process.mjs';

/** Fails where a package can't be built without a network. */
const ABLE = `import sys
from importlib.util import find_spec as find
sys.exit(not (find("setuptools") and find("wheel")))`;

/** Calls the build backend that pyproject.toml names. It changes the arguments. */
const BUILD = `import sys
import setuptools.build_meta as backend
out = sys.argv[1]
backend.build_sdist(out)
backend.build_wheel(out)`;

const ENDINGS = ['.whl', '.tar.gz'];
const isOfPython = (name) => ENDINGS.some((ending) => name.endsWith(ending));

/** A Python that can build packages, or null. */
async function ablePython() {
  for (const python of ['python3', '/usr/bin/python3']) {
    const able = await run(python, ['-I', '-c', ABLE], { capture: true }).catch(() => null);
    if (able?.status === 0) return python;
  }
  return null;
}

export const python = {
  title: 'the Python package',

  async run(release) {
    const { root, work, note } = release;
    const program = await ablePython();
    if (program === null) {
      note(
        'the Python package: python3 lacks setuptools or wheel (Debian: python3-setuptools, python3-wheel)',
      );
      return;
    }
    // A build leaves files beside the sources.
    const folder = mkdtempSync(join(tmpdir(), 'flux-ensemble-python-'));
    try {
      const generated = ['__pycache__', 'build', 'dist'];
      const filter = (path) => !generated.includes(basename(path)) && !path.endsWith('.egg-info');
      cpSync(join(root, 'clients/python'), join(folder, 'package'), { recursive: true, filter });
      await mustRun(program, ['-c', BUILD, work], { cwd: join(folder, 'package'), capture: true });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    release.python = readdirSync(work).filter(isOfPython);
    const lost = ENDINGS.find((ending) => !release.python.some((name) => name.endsWith(ending)));
    if (lost !== undefined)
      throw new Failure(
        `${program} built no file *${lost} from clients/python; expected a wheel and the sources: see pyproject.toml`,
      );
    console.log(release.python.join(', '));
  },
};
