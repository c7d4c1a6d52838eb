/** The environment that jobs begin with. */

/** Variables of Slurm that hold for the job that this process runs in. */
const OF_OWN_JOB = /^SLURM_(?!CONF$)|^SLURMD_|^SRUN_|^SBATCH_(ARRAY|JOB|EXPORT|WAIT|REQUEUE|OUTPUT|ERROR)/;
/** Variables without which no shell works. */
const NEEDED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'SLURM_CONF'];

/** Returns the environment of `sbatch`, which the jobs of an array inherit. */
export function jobEnvironment(own: NodeJS.ProcessEnv, inherits: boolean): NodeJS.ProcessEnv {
  const isKept = (name: string) => (inherits ? !OF_OWN_JOB.test(name) : NEEDED.includes(name));
  return Object.fromEntries(Object.entries(own).filter(([name]) => isKept(name)));
}
