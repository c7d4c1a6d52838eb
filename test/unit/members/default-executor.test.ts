import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultExecutor } from '../../../src/members/default-executor.js';
import { newFolder } from '../../support/cli.js';

/** A folder with these programs. */
function folderWith(...programs: readonly string[]): string {
  const folder = newFolder();
  for (const program of programs) writeFileSync(join(folder, program), '', { mode: 0o755 });
  return folder;
}

const PATH = (...programs: readonly string[]) => `/nowhere::${folderWith(...programs)}`;

test.each([
  ['local', {}],
  ['local', { PATH: PATH() }],
  ['slurm', { PATH: PATH('sbatch') }],
  ['local', { PATH: PATH('sbatch', 'flux') }],
  ['slurm', { PATH: PATH('sbatch', 'flux'), SLURM_JOB_ID: '7' }],
  ['local', { PATH: PATH('flux'), SLURM_JOB_ID: '7' }],
  ['slurm', { PATH: PATH('sbatch', 'flux') }, true],
  ['local', { PATH: PATH('flux') }, true],
])('the default member is %s with %j', (name, environment, hasPilots = false) => {
  const found = defaultExecutor(environment, hasPilots);
  expect(found.name).toBe(name);
  // A choice that may surprise is explained.
  expect(found.reason !== null).toBe(name === 'slurm');
});
