/** Makes a member by its name on the command line. */

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { MemberError } from '../errors.js';
import { FluxMember, fluxLibrary } from './flux/flux-member.js';
import { SteadyClock } from './local/clock.js';
import { LocalMember } from './local/local-member.js';
import type { Member, NodeScaler } from './member.js';
import { MiniClusterMember } from './minicluster.js';

/** Names that `--executor` knows; not every one can run everywhere. */
export const executorNames = ['local', 'flux', 'minicluster'] as const;
/**
 * The member for those who do not say: Flux inside a Flux instance (FLUX_URI is set) where this build has its
 * member, else the local one.
 */
export function defaultExecutor(environment: NodeJS.ProcessEnv): MemberName {
  return environment.FLUX_URI && existsSync(fluxLibrary) ? 'flux' : 'local';
}

export type MemberName = (typeof executorNames)[number];
/** A member by its name, or one that the caller made. */
export type MemberChoice = MemberName | Member;

export interface MemberOptions {
  /** For the local member; the machine's cores by default. */
  readonly slots: number | undefined;
  /** The run's id. */
  readonly ensemble: string;
  /** The run's time, for a member that has none of its own. */
  readonly clock?: SteadyClock;
  /** For the Flux member; by default where libflux-core connects to. */
  readonly uri: string | undefined;
  /** For the Flux member: let every job pass the validator. */
  readonly validateAll: boolean;
  /** For the Flux member: begin with the inactive jobs that it still knows. */
  readonly full?: boolean;
  /** For the minicluster member: who changes its size. */
  readonly scaler?: NodeScaler | undefined;
}

/** Throws MemberError `ERR_MEMBER_UNAVAILABLE` for a member that can't run here. */
export function createMember(choice: MemberChoice, options: MemberOptions): Member {
  if (typeof choice !== 'string') return choice;
  if (choice === 'local') {
    const { slots = availableParallelism(), ensemble, clock = new SteadyClock() } = options;
    return new LocalMember({ slots, ensemble, clock });
  }
  const { ensemble, uri, validateAll, full = false, scaler } = options;
  const flux = new FluxMember({ ensemble, validateAll, full, ...(uri === undefined ? {} : { uri }) });
  if (choice === 'flux') return flux;
  if (scaler !== undefined) return new MiniClusterMember(flux, scaler);
  throw new MemberError(
    'the minicluster member needs to know its MiniCluster and who changes its size: --name namespace/name and ' +
      '--host HOST --port PORT of the service, `scaler` in the library',
    { code: 'ERR_MEMBER_UNAVAILABLE' },
  );
}
