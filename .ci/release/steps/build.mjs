/** The build and the prebuilt files. */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkPrebuilt, PREBUILT } from '../prebuilt.mjs';
import { mustRun } from '../process.mjs';

export const build = {
  title: 'the build and the prebuilt files',

  async run({ root, options, note }) {
    if (options.build) {
      // Files of earlier builds would be packed.
      rmSync(join(root, 'dist'), { recursive: true, force: true });
      for (const name of readdirSync(root).filter((name) => name.endsWith('.tsbuildinfo')))
        rmSync(join(root, name));
      await mustRun('npm', ['run', 'build'], { cwd: root });
    } else {
      note('the build (--no-build): dist/ is as it was');
    }
    if (options.prebuilt) note('the build of prebuilds/ (--prebuilt): its files are as they were');
    else await mustRun('npm', ['run', 'prebuild'], { cwd: root });
    await checkPrebuilt(root);
    console.log(`prebuilds/ has its ${PREBUILT.length} files`);
  },
};
