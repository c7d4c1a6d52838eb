/**
 * Runs jobs in a MiniCluster of the Flux operator: the Flux member runs the jobs, and a scaler changes the number
 * of nodes.
 */

import type { SubmitPortion } from '../engine/plan/plan.js';
import type { JobTemplate } from '../model/ensemble.js';
import type { FluxMember } from './flux/flux-member.js';
import type {
  EndOfRun,
  Member,
  MemberFacts,
  MemberHost,
  MemberSink,
  NodeScaler,
  Reconciliation,
  ResizeOutcome,
  SubmitOrigin,
} from './member.js';

export class MiniClusterMember implements Member {
  readonly name = 'minicluster';
  readonly #flux: FluxMember;
  readonly #scaler: NodeScaler;

  constructor(flux: FluxMember, scaler: NodeScaler) {
    this.#flux = flux;
    this.#scaler = scaler;
  }

  start(sink: MemberSink, host: MemberHost): Promise<void> {
    return this.#flux.start(sink, host);
  }

  get facts(): MemberFacts | undefined {
    return this.#flux.facts;
  }

  reconcile(signal: AbortSignal): Promise<Reconciliation> {
    return this.#flux.reconcile(signal);
  }

  portion(template: JobTemplate, count: number): SubmitPortion {
    return this.#flux.portion(template, count);
  }

  submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    return this.#flux.submit(template, count, origin);
  }

  cancel(ids: Iterable<bigint>, note: string): Promise<number> {
    return this.#flux.cancel(ids, note);
  }

  setUrgency(ids: Iterable<bigint>, urgency: number): Promise<number> {
    return this.#flux.setUrgency(ids, urgency);
  }

  resize(delta: number, signal?: AbortSignal): Promise<ResizeOutcome> {
    return this.#scaler.resize(delta, signal);
  }

  async stop(grace: number, end: EndOfRun): Promise<void> {
    try {
      this.#scaler.close();
    } finally {
      await this.#flux.stop(grace, end);
    }
  }
}
