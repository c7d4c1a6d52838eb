/** `slurm:` of a job entry. */

import type { SlurmOptions } from '../../model/ensemble.js';
import { quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import type { JobShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';

/** Options that the member sets itself, or that keep it from following a job. */
const REFUSED = [
  ...['array', 'a', 'output', 'o', 'error', 'e', 'input', 'i', 'comment', 'parsable', 'wrap', 'wait', 'W'],
  ...[
    'test-only',
    'open-mode',
    'chdir',
    'D',
    'help',
    'h',
    'usage',
    'version',
    'V',
    'quiet',
    'Q',
    'hold',
    'H',
  ],
  ...['dependency', 'd', 'export', 'export-file', 'clusters', 'M', 'time', 't', 'nice'],
];

/** Keys of the entry that stand for an option. */
const KEYS: Readonly<Record<string, string>> = {
  time: 'duration',
  t: 'duration',
  output: 'output',
  o: 'output',
  error: 'error',
  e: 'error',
  array: 'count',
  a: 'count',
  hold: 'urgency: 0',
  H: 'urgency: 0',
  nice: 'urgency',
  chdir: 'workdir',
  D: 'workdir',
  export: 'environment',
};

/** The name of an option of sbatch: `--mem=4G` has the name mem, `-pdebug` the name p. Null for other texts. */
function nameOf(option: string): string | null {
  const found = /^--([a-z][\w-]*)(?:=|$)|^-([A-Za-z])/.exec(option);
  return found?.[1] ?? found?.[2] ?? null;
}

/** Keys to write in place of options that can't be given. */
export interface SlurmWords {
  /** Keys that stand for an option. */
  readonly keys: Readonly<Record<string, string>>;
  /** Where they are. */
  readonly place: string;
}

const OF_JOB: SlurmWords = { keys: KEYS, place: 'in the job entry' };

export function resolveSlurm(
  { problems }: ResolveContext,
  written: JobShape['slurm'],
  path: Path,
  { keys, place }: SlurmWords = OF_JOB,
): SlurmOptions | null {
  if (written === undefined || written === null) return null;
  const { partition = null, account = null, qos = null, constraint = null } = written;
  const options = written.options ?? [];
  for (const [index, option] of options.entries()) {
    const name = nameOf(option);
    const at = [...path, 'options', index];
    if (name === null) {
      problems.error(at, `${quote(option)} must be an option with its value, like --mem=4G`);
    } else if (REFUSED.includes(name) || name in keys) {
      const key = keys[name];
      const instead = key === undefined ? '' : `; write ${key} ${place}`;
      problems.error(at, `${quote(option)} can't be given, because the Slurm member sets it${instead}`);
    }
  }
  return { partition, account, qos, constraint, options };
}
