/** The licenses of all components, which must be on a list. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import parse from 'spdx-expression-parse';
import { WITHIN } from '../components.mjs';
import { Failure } from '../failure.mjs';

/** Licenses that the package may come with: they ask for a notice at most. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 WITH LLVM-exception',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

function isAllowed(expression) {
  const holds = ({ license, exception, conjunction, left, right }) => {
    if (conjunction === 'and') return holds(left) && holds(right);
    if (conjunction === 'or') return holds(left) || holds(right);
    return ALLOWED.has(exception === undefined ? license : `${license} WITH ${exception}`);
  };
  try {
    return holds(parse(expression));
  } catch {
    return false;
  }
}

/** The license of a component as an expression of SPDX; another text as it is, and an empty one without a license. */
function licenseOf({ licenses = [] }) {
  const found = licenses.map(({ expression, license }) => expression ?? license.id ?? license.name);
  return found.length > 1 ? found.map((each) => `(${each})`).join(' AND ') : (found[0] ?? '');
}

const field = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const licenses = {
  title: 'licenses',

  async run({ work, bom }) {
    const rows = bom.components.map((component) => {
      const { name, version, properties } = component;
      const places = properties.filter((property) => property.name === WITHIN).map(({ value }) => value);
      return [name, version, licenseOf(component), places.join(' ') || 'installed'];
    });
    const denied = rows.filter(([, , license]) => !isAllowed(license));
    if (denied.length > 0) {
      const names = denied.map(
        ([name, version, license]) => `${name} ${version} (${license || 'without a license'})`,
      );
      throw new Failure(
        `${names.join(', ')}: not on the list of licenses in .ci/release/steps/licenses.mjs; replace the package, or add its license`,
      );
    }
    const lines = [['name', 'version', 'license', 'place'], ...rows].map(
      (row) => `${row.map(field).join(',')}\n`,
    );
    writeFileSync(join(work, 'LICENSES.csv'), lines.join(''));
    const kinds = [...new Set(rows.map(([, , license]) => license))].sort();
    console.log(`LICENSES.csv: ${rows.length} components, with ${kinds.join(', ')}`);
  },
};
