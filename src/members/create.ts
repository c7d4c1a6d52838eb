/** Creates a member by its name on the command line. */

import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { MemberError } from '../errors.js';
import type { JobIdOptions } from '../model/job-id.js';
import { FluxMember } from './flux/flux-member.js';
import type { FluxTree } from './flux/tree.js';
import { SteadyClock } from './local/clock.js';
import type { KeptOutputsOptions } from './local/kept-outputs.js';
import { LocalMember } from './local/local-member.js';
import type { Member, NodeScaler } from './member.js';
import { MiniClusterMember } from './minicluster.js';
import { PilotQueue } from './pilots/pilot-queue.js';
import { PilotsMember } from './pilots/pilots-member.js';
import { marginOf, type PilotSettings, START_PATIENCE } from './pilots/settings.js';
import { SlurmMember, type SlurmMemberOptions } from './slurm/slurm-member.js';
import { TreeMember } from './tree-member.js';

/** Values of `--executor`. Some are available only on some machines. */
export const executorNames = ['local', 'flux', 'slurm', 'minicluster'] as const;

export type MemberName = (typeof executorNames)[number];
/** The name of a member, or a member that the caller made. */
export type MemberChoice = MemberName | Member;

export interface MemberOptions {
  /** For the local member; defaults to the number of cores. */
  readonly slots: number | undefined;
  /** The run's id. */
  readonly ensemble: string;
  /** For the local member: keeps outputs of jobs that name no file; they are not kept without it. */
  readonly outputs?: KeptOutputsOptions | undefined;
  /** For the local member: ids of jobs, in a run that goes on. */
  readonly ids?: JobIdOptions | undefined;
  /** Receives what goes wrong without ending the run. */
  readonly problem?: (error: MemberError) => void;
  /** The run's clock, for a member without one of its own. */
  readonly clock?: SteadyClock;
  /** For the Flux member; defaults to the instance that libflux-core selects. */
  readonly uri: string | undefined;
  /** For the Flux member: let every job pass the validator. */
  readonly validateAll: boolean;
  /** For the Flux member: begin with the inactive jobs that it still knows. */
  readonly full?: boolean;
  /** For the Flux member: run the jobs in sub-instances. */
  readonly tree?: FluxTree | null;
  /** For the Slurm member: run the jobs in pilots. */
  readonly pilots?: PilotSettings | null;
  /** For the minicluster member: the service that changes its size. */
  readonly scaler?: NodeScaler | undefined;
  /** For the Slurm member: absolute path of the run's folder; a folder of its own in the working directory without it. */
  readonly runFolder?: string | undefined;
  /** For the Slurm member: seconds between two looks at the queue. */
  readonly slurmInterval?: number | undefined;
}

/** Creates a member. Throws MemberError `ERR_MEMBER_UNAVAILABLE` where it can't run. */
export function createMember(choice: MemberChoice, options: MemberOptions): Member {
  if (typeof choice !== 'string') return choice;
  if (choice === 'local') {
    const {
      slots = availableParallelism(),
      ensemble,
      clock = new SteadyClock(),
      outputs,
      ids,
      problem,
    } = options;
    return new LocalMember({ slots, ensemble, clock, outputs, ids, problem });
  }
  if (choice === 'slurm') return slurmMember(options);
  const { ensemble, uri, validateAll, full = false, scaler } = options;
  const tree = choice === 'flux' ? (options.tree ?? null) : null;
  const flux = new FluxMember({ ensemble, validateAll, full, tree, ...(uri === undefined ? {} : { uri }) });
  if (choice === 'flux') return tree === null ? flux : new TreeMember(flux, tree.instances);
  if (scaler !== undefined) return new MiniClusterMember(flux, scaler);
  throw new MemberError(
    'the minicluster member needs its MiniCluster and the service that resizes it: pass --name namespace/name and ' +
      '--host HOST --port PORT of that service, or `scaler` in the library',
    { code: 'ERR_MEMBER_UNAVAILABLE' },
  );
}

function slurmOptions(options: MemberOptions): SlurmMemberOptions {
  const { ensemble, ids, problem, clock = new SteadyClock(), runFolder, slurmInterval } = options;
  const own = resolve(`.flux-ensemble-${ensemble}`);
  return {
    ...{ ensemble, ids, problem, clock, interval: slurmInterval },
    folder: runFolder === undefined ? own : join(runFolder, 'slurm'),
    temporary: runFolder === undefined,
  };
}

function slurmMember(options: MemberOptions): Member {
  const { pilots = null, ensemble, validateAll, outputs } = options;
  if (pilots === null) return new SlurmMember({ ...slurmOptions(options), outputs: outputs?.folder });
  const queue = new PilotQueue({ ...slurmOptions(options), settings: pilots });
  const { pilots: instances, nodes, idle } = pilots;
  const tree = { instances, nodes, cores: pilots.cores, recycle: null, broker: [] };
  const times = {
    ...{ idle, margin: marginOf(pilots), startPatience: START_PATIENCE },
    ...{ manager: 'Slurm', hint: queue.hint },
  };
  return new PilotsMember(new FluxMember({ ensemble, validateAll, tree, pilots: times }), queue, {
    settings: pilots,
    outputs: outputs?.folder,
  });
}
