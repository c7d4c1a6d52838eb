/** An installation of the package where there is no compiler. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.mjs';
import { run } from '../process.mjs';

export const image = {
  title: 'an installation without compiler, make and Python',
  skipped: ({ image }) => (image ? null : 'the installation without compiler, make and Python (--no-image)'),

  async run({ work, tarball }) {
    const script = fileURLToPath(new URL('../try-package.sh', import.meta.url));
    const { status } = await run('bash', [script, join(work, tarball)]);
    if (status !== 0)
      throw new Failure(
        `the package does not work in a bare Debian: try-package.sh ended with status ${status}, see above`,
      );
  },
};
