/** Reads the notes of the wrapper (wrapper.ts): `ARRAY INDEX RESTARTS KIND NANOSECONDS WORDS`. */

export type Note = {
  /** The node's name. */
  readonly host: string;
  /** Number of the array in the run, index of the task in it, and how often Slurm has restarted the task. */
  readonly array: number;
  readonly index: number;
  readonly restarts: number;
  /** Seconds since the epoch. */
  readonly time: number;
} & (
  | { readonly kind: 'start' /** Id of the array in Slurm. */; readonly slurmId: number }
  /** The program could not be started. */
  | { readonly kind: 'fail'; readonly code: number; readonly step: string }
  /** `signaled`: the wrapper got SIGTERM. */
  | { readonly kind: 'end'; readonly code: number; readonly signaled: boolean }
);

const FORM = /^(\d+) (\d+) (\d+) (start|fail|end) (\d+) (\d+) ?(\w*)$/;

/** Returns the note of a line; null for an invalid line. */
export function readNote(line: string, host: string): Note | null {
  const found = FORM.exec(line);
  if (found === null) return null;
  const [, array, index, restarts, kind, nanoseconds, number, word = ''] = found;
  const place = {
    host,
    array: Number(array),
    index: Number(index),
    restarts: Number(restarts),
    time: Number(nanoseconds) / 1e9,
  };
  switch (kind) {
    case 'start':
      return { ...place, kind, slurmId: Number(number) };
    case 'fail':
      return { ...place, kind, code: Number(number), step: word };
    default:
      return { ...place, kind: 'end', code: Number(number), signaled: word === 'signaled' };
  }
}
