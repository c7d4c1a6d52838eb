/** The options of an ensemble. */

import type { MemberChoice } from '../members/create.js';
import type { NodeScaler } from '../members/member.js';
import type { Durability } from '../model/durability.js';
import type { EnsembleObserver } from '../model/observer.js';
import type { LostPolicy } from '../model/resumed-run.js';
import type { CustomFunction } from '../model/user-function.js';

export interface EnsembleOptions {
  /** The member that runs the jobs: its name, or a member of your own. `local` by default. */
  readonly member?: MemberChoice;
  /** Cores that jobs of the local member use at once; the machine's cores by default. */
  readonly slots?: number;
  /**
   * Folder of this run, which is created if it is missing and must not have another run. `openRun` reads it. The log
   * of the run is kept there (`log/`), and the local member keeps the outputs of jobs that name no file of their own
   * (`out/`). Absent: nothing is kept. A member in virtual time has no log.
   */
  readonly runFolder?: string;
  /**
   * The failures that the log in the run's folder survives. With `process`, the default, it is with the kernel before an
   * effect that depends on it, such as a submission, and on the disk a second later; a run whose log can't be written
   * goes on without it. With `host`, the log is on the disk before an effect, and such a run fails.
   */
  readonly durability?: Durability;
  /**
   * For the local member with a `runFolder`: bytes that the outputs there take at most; 10 GB by default. Beyond it, those
   * of the jobs that ended first are removed, of failed jobs last. The output of a job that runs may take a tenth of it;
   * then its middle is cut.
   */
  readonly outputLimit?: number;
  /**
   * Bytes that the log of the run takes at most, 1 GB by default. Beyond it, the beginning of the log is removed. A
   * checkpoint then has the state of the run at the new beginning. All jobs stay known, but `why` knows no earlier
   * firings.
   */
  readonly logLimit?: number;
  /** A name for this run; part of its id, which its jobs carry in `attributes.user.ensemble`. */
  readonly name?: string;
  /** Stay when nothing is left to do, until a `terminate` action or the signal ends the run. */
  readonly watch?: boolean;
  /** Seconds that canceled jobs have between SIGTERM and SIGKILL at the end of the run; 5 by default. */
  readonly grace?: number;
  /** Seconds that notifications which are not delivered at the end of the run may still take; 10 by default. */
  readonly notifyWait?: number;
  readonly observer?: EnsembleObserver;
  /** For the Flux member: the URI of the instance; by default the one that libflux-core selects. */
  readonly uri?: string;
  /** For the Flux member: let every job pass Flux's validator, not only the first of each jobspec. */
  readonly validateAll?: boolean;
  /**
   * For the Flux member: the number of sub-instances that run the jobs, instead of that of the file. They are jobs of the
   * instance, and end with the run. For the Slurm member: the number of pilots, if the file has pilots.
   */
  readonly instances?: number;
  /** For the Slurm member: seconds between two looks at the queue of Slurm, 10 by default. */
  readonly slurmInterval?: number;
  /** For the minicluster member: changes its size, as the OperatorClient of `flux-ensemble/service` does. */
  readonly scaler?: NodeScaler;
  /**
   * Request all events of the member, also those that neither statistics nor rules need. A consumer of `events()` that is
   * there when the run begins has the same effect.
   */
  readonly allEvents?: boolean;
  /** Functions of this program, by the names that the file has in `custom: {program: [...]}`. They run in this process. */
  readonly functions?: Readonly<Record<string, CustomFunction>>;
  /** Keep the times of every group in a form that can be merged with those of other runs: `states` of the metrics. */
  readonly sketches?: boolean;
}

/** Options of a run that is resumed. Those that are missing are as they were when the run began. */
export interface ResumeOptions
  extends Pick<
    EnsembleOptions,
    | 'member'
    | 'slots'
    | 'durability'
    | 'outputLimit'
    | 'logLimit'
    | 'watch'
    | 'grace'
    | 'notifyWait'
    | 'observer'
    | 'uri'
    | 'validateAll'
    | 'scaler'
    | 'slurmInterval'
    | 'instances'
    | 'allEvents'
    | 'functions'
    | 'sketches'
  > {
  /**
   * Active jobs that were lost with the process, or with the Flux instance, that ran them: they are submitted again,
   * which is the default, or fail with an exception `lost`.
   */
  readonly lost?: LostPolicy;
  /**
   * Go on although the log of the run ended before the run did, for example because the disk was full. Jobs that were
   * submitted later may run twice. Without it, such a run is refused.
   */
  readonly incompleteLog?: boolean;
  /**
   * Text of the ensemble's file, which replaces that of the run. It may have new groups, new rules after the existing
   * ones, and other tests. New rules take part from now on, so one with the trigger `start` does not fire.
   */
  readonly configuration?: string;
}
