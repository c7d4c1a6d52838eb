/** The software bill of materials: a document of CycloneDX. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentOf } from '../components.mjs';
import { sha256Of } from '../sha256.mjs';

export const sbom = {
  title: 'the bill of materials',

  async run(release) {
    const { root, work, version, tarball } = release;
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const bom = await documentOf(root);
    const content = sha256Of(join(work, tarball));
    bom.metadata = {
      ...bom.metadata,
      lifecycles: [{ phase: 'build' }],
      // npm gives the name of the folder.
      component: { ...bom.metadata.component, name, hashes: [{ alg: 'SHA-256', content }] },
    };
    const file = `${name}-${version}.cdx.json`;
    writeFileSync(join(work, file), `${JSON.stringify(bom, null, 2)}\n`);
    console.log(`${file}: ${bom.components.length} components`);
    release.bom = bom;
  },
};
