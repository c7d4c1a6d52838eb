/** Run by the build: writes `ensemble.schema.json` into `dist`, the folder above this one. */

import { writeFileSync } from 'node:fs';
import { ensembleJsonSchema } from './json-schema.js';

const target = new URL('../../ensemble.schema.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(ensembleJsonSchema(), null, 2)}\n`);
