/**
 * Runs jobs in a MiniCluster of the Flux operator: the Flux member runs the jobs, and a scaler changes the number
 * of nodes.
 */

import type { FluxMember } from './flux/flux-member.js';
import type { EndOfRun, NodeScaler, ResizeOutcome } from './member.js';
import { ResizedFlux } from './resized-flux.js';

export class MiniClusterMember extends ResizedFlux {
  readonly name = 'minicluster';
  readonly #scaler: NodeScaler;

  constructor(flux: FluxMember, scaler: NodeScaler) {
    super(flux);
    this.#scaler = scaler;
  }

  widen(events: readonly string[] | null): Promise<void> {
    return this.flux.widen(events);
  }

  activeJobs(): Promise<number | null> {
    return this.flux.activeJobs();
  }

  resize(delta: number, signal?: AbortSignal): Promise<ResizeOutcome> {
    return this.#scaler.resize(delta, signal);
  }

  override async stop(grace: number, end: EndOfRun): Promise<void> {
    try {
      this.#scaler.close();
    } finally {
      await super.stop(grace, end);
    }
  }
}
