/** The form of a check of members, and the options of the suite. */

import { EnsembleError } from '../../errors.js';
import type { Member } from '../../members/member.js';
import type { JobTemplate } from '../../model/ensemble.js';

/** The run for which a check needs a member. */
export interface CheckedRun {
  /** The id of the run, as in `MemberHost`. */
  readonly ensemble: string;
  /** 1, or 2 for the process that goes on with a run. */
  readonly process: number;
}

export interface MemberCheckOptions {
  /** Makes a member for a run. Each check calls it once, and the check of resume twice. */
  make(run: CheckedRun): Member | Promise<Member>;
  /** The number of jobs with one core that the member runs at a time. Nothing else may use these cores. */
  readonly slots: number;
  /** Seconds in which the member has to do what a check expects; 60 by default. */
  readonly patience?: number;
  /** The jobs of the check with many jobs: 2,000 times `true` by default. */
  readonly many?: { readonly jobs?: number; readonly template?: Partial<JobTemplate> };
  /** Reasons why checks are skipped, by the names of the checks. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** The context of a test, as `vitest` and `node:test` have it. */
export interface SkipContext {
  skip(reason: string): void;
}

export interface MemberCheck {
  /** A sentence that holds for every member. */
  readonly name: string;
  /** It needs all slots to itself. Checks without this may run at once on a queue that they share. */
  readonly exclusive: boolean;
  /**
   * Runs the check. Resolves with null, or with the reason why it was skipped. With the context of a test, that test is
   * skipped too. Rejects with EnsembleError `ERR_TEST`, whose message says what was expected and what the member did.
   */
  run(context?: SkipContext): Promise<string | null>;
}

/** A check before the suite has its options. Throws Skipped. */
export interface NamedCheck {
  readonly name: string;
  readonly exclusive?: boolean;
  check(options: MemberCheckOptions): Promise<void>;
}

/** The member does not support what a check is about. */
export class Skipped extends Error {}

export const fault = (message: string) => new EnsembleError('ERR_TEST', message);

/** Throws unless the condition holds. */
export function expectThat(condition: boolean, expected: string, found: string): asserts condition {
  if (!condition) throw fault(`expected ${expected}, but ${found}`);
}
