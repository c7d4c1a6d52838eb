/** Slurm: its commands, and its controller. */

import { readSettings } from '../../members/slurm/controller.js';
import { folderOnPath } from '../../text/on-path.js';
import { askProgram } from './ask-program.js';
import { broken, type Check, missing, ok } from './finding.js';

const NOT_NEEDED = 'only the Slurm member needs it';
const PROGRAMS = ['sbatch', 'squeue', 'scancel', 'scontrol'] as const;

export const slurm: Check = {
  name: 'slurm',
  run: () => {
    const absent = PROGRAMS.filter((program) => folderOnPath(program) === undefined);
    if (absent.length === 0) return ok(`on PATH: ${PROGRAMS.join(', ')}`);
    const remedy = `${NOT_NEEDED}; load the module of Slurm, or put its commands on PATH`;
    return missing(`not on PATH: ${absent.join(', ')}`, remedy);
  },
};

export const slurmController: Check = {
  name: 'slurm controller',
  run: async (options) => {
    const { stdout, failure } = await askProgram('scontrol', ['show', 'config'], options);
    if (failure === 'missing') return missing('no controller without scontrol on PATH', NOT_NEEDED);
    if (failure !== null) {
      const remedy = `${NOT_NEEDED}; try "scontrol ping", and look at SLURM_CONF`;
      return broken(`the controller does not answer: ${failure}`, remedy);
    }
    const { cluster, version, accounting } = readSettings(stdout);
    return ok(
      `the controller of ${cluster} answers (Slurm ${version}, ${accounting ? 'with' : 'without'} accounting)`,
    );
  },
};
