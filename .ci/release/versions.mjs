/** The places that have the version of the project. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';

/** Sets the version in the text of a JSON file, by a function that gets the parsed value. */
const json = (set) => (text, version) => {
  const value = JSON.parse(text);
  set(value, version);
  return `${JSON.stringify(value, null, 2)}\n`;
};

/** Sets the version after each match of a pattern. */
const after = (pattern) => (text, version) =>
  text.replaceAll(
    new RegExp(`(${pattern.source})\\d+\\.\\d+\\.\\d+(?:-[\\w.-]*\\w)?`, 'gm'),
    (_found, before) => `${before}${version}`,
  );

const image = after(/\bflux-ensemble(?:-service)?:/);

/** How the version is set in each file, by path. */
export const PLACES = {
  'package.json': json((value, version) => {
    value.version = version;
  }),
  'package-lock.json': json((value, version) => {
    value.version = version;
    value.packages[''].version = version;
  }),
  'clients/python/pyproject.toml': after(/^version = "/),
  'deploy/Containerfile': image,
  'deploy/kubernetes/Dockerfile': image,
  'deploy/kubernetes/README.md': image,
  'deploy/kubernetes/deployment.yaml': image,
  'deploy/kubernetes/kustomization.yaml': after(/^ *newTag: /),
  'docs/containers.md': image,
};

/** Sets the version in all places of a checkout. Fails when a file has no place for it. */
export function setVersion(root, files, version) {
  // A version that no file has shows whether the place is found.
  const probe = '0.0.0-place';
  for (const [path, set] of Object.entries(PLACES)) {
    if (!set(readFileSync(join(root, path), 'utf8'), probe).includes(probe))
      throw new Failure(
        `${path} has no version where one is expected; adapt the path in .ci/release/versions.mjs`,
      );
    files.change(path, (text) => set(text, version));
  }
}
