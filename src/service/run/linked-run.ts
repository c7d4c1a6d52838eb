/** The part of a run that its link to a service uses. */

import type { EnsembleError } from '../../errors.js';
import type { GroupFailures } from '../../model/failure.js';
import type { Firing } from '../../model/firing.js';
import type { MetricsSnapshot } from '../../model/metrics.js';
import type { ExternalAction, ExternalOutcome } from '../../run/external-actions.js';
import type { RuleNow } from '../../run/rules-now.js';

/** The part of a run that a link uses; an `Ensemble` has it. */
export interface LinkedRun {
  readonly id: string;
  readonly memberName: string;
  readonly paused: boolean;
  readonly size: number | null;
  /** The state of the ensemble; null without states. */
  readonly state: string | null;
  metrics(): Promise<MetricsSnapshot>;
  firings(): AsyncIterableIterator<Firing>;
  act(asked: ExternalAction, askedBy: string): Promise<ExternalOutcome>;
  /** Absolute path of the run's folder; null or absent without one. */
  readonly runFolder?: string | null;
  readonly config?: { readonly states: readonly string[] };
  rules?(): Promise<readonly RuleNow[]>;
  failures?(): Promise<ReadonlyMap<string, GroupFailures>>;
  problems?(): AsyncIterableIterator<EnsembleError>;
}
