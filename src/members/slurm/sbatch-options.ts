/** The options of `sbatch` for jobs of a template. */

import type { JobTemplate } from '../../model/ensemble.js';

/** Nice values between two urgencies. Slurm's own default for `--nice` is this, too. */
const NICE_STEP = 100;
const DEFAULT_URGENCY = 16;

/** Returns the options that do not depend on the urgency. */
export function resourceOptions(template: JobTemplate): string[] {
  const { group, nodes, tasks, cores, gpus, duration, queue, bank, slurm } = template;
  const named = (name: string, value: string | null | undefined) =>
    value === null || value === undefined ? [] : [`--${name}=${value}`];
  return [
    `--job-name=${group}`,
    `--nodes=${nodes}`,
    `--ntasks=${tasks}`,
    `--cpus-per-task=${cores}`,
    ...(gpus === 0 ? [] : [`--gpus-per-task=${gpus}`]),
    // Whole minutes. The member itself ends jobs in time (tracker.ts).
    ...(duration === 0 ? [] : [`--time=${Math.ceil(duration / 60)}`]),
    ...named('partition', slurm?.partition ?? queue),
    ...named('account', slurm?.account ?? bank),
    ...named('qos', slurm?.qos),
    ...named('constraint', slurm?.constraint),
    ...(slurm?.options ?? []),
  ];
}

/** The nice value for an urgency. Slurm lets only operators raise a job, so all above the default are equal. */
export const niceOf = (urgency: number): number => Math.max(0, DEFAULT_URGENCY - urgency) * NICE_STEP;

export function urgencyOptions(urgency: number): string[] {
  if (urgency === 0) return ['--hold'];
  const nice = niceOf(urgency);
  return nice === 0 ? [] : [`--nice=${nice}`];
}
