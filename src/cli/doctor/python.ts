/** The Python of user functions, searches and readers. */

import { askProgram } from './ask-program.js';
import { broken, type Check, missing, ok } from './finding.js';

/** The oldest version whose language the programs of src/usercode/python use. */
const LEAST = [3, 6] as const;

export const python: Check = {
  name: 'python',
  run: async (options) => {
    const script = 'import sys; print(*sys.version_info[:3], sys.executable)';
    const { stdout, failure } = await askProgram('python3', ['-c', script], options);
    const remedy = 'only functions in Python need it; put python3 (3.6 or later) on PATH for them';
    if (failure === 'missing') return missing('python3 is not on PATH', remedy);
    if (failure !== null) return broken(`python3 can't be run: ${failure}`, remedy);
    const [, major = '', minor = '', patch = '', path = ''] = /^(\d+) (\d+) (\d+) (.*)/.exec(stdout) ?? [];
    const found = `Python ${major}.${minor}.${patch} (${path})`;
    const isOld = Number(major) < LEAST[0] || (Number(major) === LEAST[0] && Number(minor) < LEAST[1]);
    return isOld ? broken(found, remedy) : ok(found);
  },
};
