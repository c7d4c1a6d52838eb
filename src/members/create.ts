/** Makes a member by its name on the command line. */

import { availableParallelism } from 'node:os';
import { MemberError } from '../errors.js';
import { LocalMember } from './local/local-member.js';
import type { Member } from './member.js';

/** Names that `--executor` knows; not every one can run everywhere. */
export const executorNames = ['local', 'flux', 'minicluster'] as const;
export type MemberName = (typeof executorNames)[number];
/** A member by its name, or one that the caller made. */
export type MemberChoice = MemberName | Member;

export interface MemberOptions {
  /** For the local member; the machine's cores by default. */
  readonly slots: number | undefined;
  /** The run's id. */
  readonly ensemble: string;
}

/** Throws MemberError `ERR_MEMBER_UNAVAILABLE` for a member that can't run here. */
export function createMember(choice: MemberChoice, options: MemberOptions): Member {
  if (typeof choice !== 'string') return choice;
  if (choice === 'local') {
    return new LocalMember({ slots: options.slots ?? availableParallelism(), ensemble: options.ensemble });
  }
  throw new MemberError(
    `this version of flux-ensemble has no ${choice} member; use --executor local, which runs the same file here`,
    { code: 'ERR_MEMBER_UNAVAILABLE' },
  );
}
