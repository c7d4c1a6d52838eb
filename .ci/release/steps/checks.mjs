/** The version, the tree and CHANGELOG.md; then the version and the date are set. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import { dateEntry } from '../changelog.mjs';
import { Failure } from '../failure.mjs';
import { mustRun } from '../process.mjs';
import { setVersion } from '../versions.mjs';

async function git(root, ...args) {
  return (await mustRun('git', args, { cwd: root, capture: true })).trimEnd();
}

export const checks = {
  title: 'the version, the tree and CHANGELOG.md',

  async run({ root, version, date, files }) {
    const { version: present } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    if (semver.valid(version) !== version)
      throw new Failure(
        `the version is '${version}'; expected a semantic version without a prefix, such as 1.2.3 or 1.2.3-rc.1`,
      );
    const tags = (await git(root, 'tag', '--list', 'v*'))
      .split('\n')
      .filter((tag) => semver.valid(tag) !== null);
    if (tags.includes(`v${version}`))
      throw new Failure(
        `the version is ${version}, which the tag v${version} has; expected a newer one than ${present}`,
      );
    if (semver.lt(version, present) || (version === present && tags.length > 0))
      throw new Failure(`the version is ${version}, and package.json has ${present}; expected a newer one`);

    const changed = await git(root, 'status', '--porcelain');
    if (changed !== '') {
      const [first, ...others] = changed.split('\n');
      const more = others.length === 0 ? '' : ` and ${others.length} more`;
      throw new Failure(
        `the git tree has changes (${first.slice(3)}${more}); expected a clean one: commit or stash them`,
      );
    }

    files.change('CHANGELOG.md', (text) => dateEntry(text, version, date));
    setVersion(root, files, version);
    console.log(`${present} becomes ${version} of ${date} in ${files.paths.join(', ')}`);
  },
};
