/** The entry of a version in CHANGELOG.md. */

import { Failure } from './failure.mjs';

const escaped = (text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * Returns the text of CHANGELOG.md with the date of a version. The entry is `## [VERSION] - unreleased` or
 * `## [Unreleased]`; it fails without one, and when the entry has no text.
 */
export function dateEntry(text, version, date) {
  const heading = new RegExp(`^## \\[(?:${escaped(version)}\\] - unreleased|Unreleased\\])[ \\t]*$`, 'im');
  const found = heading.exec(text);
  if (found === null) {
    const first = /^## .*$/m.exec(text)?.[0] ?? 'no entry';
    throw new Failure(
      `CHANGELOG.md begins with '${first}'; expected '## [${version}] - unreleased' or '## [Unreleased]' with the changes: write it`,
    );
  }
  const rest = text.slice(found.index + found[0].length);
  const entry = rest.split(/^## /m, 1)[0];
  // Headings alone say nothing.
  if (entry.replaceAll(/^#.*$/gm, '').trim() === '')
    throw new Failure(
      `CHANGELOG.md has an empty entry '${found[0].trim()}'; expected the changes of ${version}: write them`,
    );
  return `${text.slice(0, found.index)}## [${version}] - ${date}${rest}`;
}
