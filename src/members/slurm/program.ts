/** Shell commands for the program of a job, as the wrapper (wrapper.ts) runs them. */

import { compileTags } from '../../language/job-tags.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTagValues } from '../../model/job-facts.js';
import { shellQuoted } from '../../text/shell.js';

const isShellName = (name: string) => /^[A-Za-z_]\w*$/.test(name);

/**
 * Returns the function that gives the commands of a template's jobs. They differ only in tags such as `{{id}}`. `srun`
 * has the options of srun where the tasks need it; null for the usual ones.
 */
export function compileProgram(
  template: JobTemplate,
  srun: readonly string[] | null,
): (values: JobTagValues) => string {
  const { command, environment, tasks, nodes, cores } = template;
  const variables = Object.entries(environment);
  const exported = variables
    .filter(([name]) => isShellName(name))
    .map(([name, value]) => `export ${name}=${shellQuoted(value)}; `)
    .join('');
  // A shell can't have variables of other names; env(1) can.
  const others = variables.filter(([name]) => !isShellName(name));
  const env = others.length === 0 ? [] : ['env', ...others.map(([name, value]) => `${name}=${value}`)];
  // One task needs no step of Slurm, which would be a request to the controller.
  const launcher = tasks > 1 || nodes > 1 ? ['srun', ...(srun ?? [`--cpus-per-task=${cores}`])] : [];
  const words = command.map((word) => compileTags(word));
  return (values) =>
    `${exported}fe_run ${[...launcher, ...env, ...words.map((word) => word(values))].map(shellQuoted).join(' ')}`;
}
