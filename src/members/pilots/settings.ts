/** The settings of pilots, and what follows from them. */

import type { JobTemplate, SlurmPilotOptions } from '../../model/ensemble.js';
import { counted } from '../../text/counted.js';
import { formatDuration } from '../../text/duration.js';

/** Settings of pilots, with the number of the command line. */
export type PilotSettings = SlurmPilotOptions;

/** Part of the time of a pilot that is its margin, and the most seconds of it. */
const MARGIN_SHARE = 0.1;
const MOST_MARGIN = 300;
/** Seconds from the start of a pilot's job until its instance must be up: many nodes and a slow file system take a while. */
export const START_PATIENCE = 300;

/** Returns the pilots of a file with the number of the options; null without pilots. */
export function pilotsOf(file: SlurmPilotOptions | null, given: number | undefined): PilotSettings | null {
  return file === null || given === undefined ? file : { ...file, pilots: given };
}

/** Seconds before the end of a pilot in which it gets no jobs. */
export const marginOf = ({ time }: PilotSettings): number => Math.min(MOST_MARGIN, time * MARGIN_SHARE);

/** The longest duration of a job, in seconds: the instance needs some time to start. */
const longestJob = (settings: PilotSettings): number => settings.time - 2 * marginOf(settings);

/** Returns why no pilot can run such a job; null when one can, as far as this is known before it runs. */
export function whyTooLarge({ nodes, duration }: JobTemplate, settings: PilotSettings): string | null {
  if (nodes > settings.nodes) {
    return `its jobs need ${nodes} nodes, and a pilot has ${settings.nodes} (member.slurm.nodes)`;
  }
  const longest = longestJob(settings);
  if (duration <= longest) return null;
  const [time, most] = [settings.time, longest].map(formatDuration);
  return (
    `its jobs may take ${formatDuration(duration)}, and a pilot of ${time} takes jobs of at most ${most} ` +
    '(member.slurm.time)'
  );
}

/** Returns the notice at the start of a run. */
export function pilotNotice({ pilots, nodes, cores, time }: PilotSettings): string {
  const size = `${counted(nodes, 'node')}${cores === null ? '' : ` with ${counted(cores, 'core')}`}`;
  const many = pilots === 1 ? 'One pilot runs' : `Up to ${pilots} pilots run`;
  const each = pilots === 1 ? 'a Flux instance' : 'Flux instances';
  return `${many} the jobs: ${each} in Slurm, on ${size} for ${formatDuration(time)}${pilots === 1 ? '' : ' each'}.`;
}
