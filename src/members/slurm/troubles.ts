/** Troubles that last: each is reported when it begins and when it is over, not while it goes on. */

import { MemberError } from '../../errors.js';

const WORDS = {
  away: {
    began: 'the controller of Slurm does not answer, so nothing is known of the jobs until it does',
    over: 'the controller of Slurm answers again',
  },
  full: {
    began: 'Slurm takes no more jobs for now, so the others wait',
    over: 'Slurm takes jobs again',
  },
  store: {
    began: "arrays of jobs can't be written, so the jobs wait",
    over: 'arrays of jobs can be written again',
  },
  spool: {
    began: "the notes of the jobs can't be read, so their ends are known late",
    over: 'the notes of the jobs can be read again',
  },
} as const;

export type Trouble = keyof typeof WORDS;

export class Troubles {
  readonly #report: (error: MemberError) => void;
  readonly #going = new Set<Trouble>();

  constructor(report: (error: MemberError) => void) {
    this.#report = report;
  }

  /** The trouble is there, for this reason. */
  begin(trouble: Trouble, reason: string): void {
    if (this.#going.has(trouble)) return;
    this.#going.add(trouble);
    this.#report(new MemberError(`${WORDS[trouble].began}: ${reason}`));
  }

  /** The trouble is not there, or no longer. */
  end(trouble: Trouble): void {
    if (this.#going.delete(trouble)) this.#report(new MemberError(WORDS[trouble].over));
  }
}
