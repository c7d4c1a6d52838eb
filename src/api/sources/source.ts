/** The ensembles that the API shows: one in this process, or those of a service. */

import type { GroupStates } from '../../model/metrics.js';
import type { ExternalAction, ExternalOutcome } from '../../run/external-actions.js';
import type { Feed } from '../changes/feed.js';
import type { EnsembleResource } from '../schemas/ensemble.js';

/** One ensemble. */
export interface SourcedEnsemble {
  readonly id: string;
  /** Its latest known state. */
  readonly feed: Feed;
  /** Brings the state up to date, unless that was done a moment ago. */
  refresh(): Promise<void>;
  /** Keeps the state up to date until the returned function is called. */
  watch(): () => void;
  /** The distributions of a group's times; null where the run keeps no sketches. */
  distributions(group: string): GroupStates | null;
  /** Performs an action. Throws ActionError or Fault. */
  act(action: ExternalAction, askedBy: string): Promise<ExternalOutcome>;
  /** The folder of the run on this host; null without one. */
  folder(): string | null;
  /** The text of its file as it was; null where it is unknown. */
  configuration(): string | null;
}

export interface Source {
  /** All ensembles, in the order of their registration. */
  list(): Promise<readonly EnsembleResource[]>;
  /** Those that have not ended. */
  all(): readonly SourcedEnsemble[];
  /** The ensemble with this id or name. Throws Fault NOT_FOUND, or FAILED_PRECONDITION where several have the name. */
  find(name: string): SourcedEnsemble;
  close(): void;
}
