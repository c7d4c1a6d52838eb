/** Runs jobs in a tree of Flux instances. The Flux member does the work; the size of the member is the number of instances. */

import type { SubmitPortion } from '../engine/plan/plan.js';
import type { JobTemplate } from '../model/ensemble.js';
import type { JobTrace } from '../model/failure.js';
import type { FluxMember } from './flux/flux-member.js';
import type {
  EndOfRun,
  Member,
  MemberFacts,
  MemberHost,
  MemberSink,
  Reconciliation,
  ResizeOutcome,
  SubmitOrigin,
} from './member.js';

export class TreeMember implements Member {
  readonly name = 'flux';
  readonly #flux: FluxMember;
  #size: number;

  constructor(flux: FluxMember, instances: number) {
    this.#flux = flux;
    this.#size = instances;
  }

  start(sink: MemberSink, host: MemberHost): Promise<void> {
    return this.#flux.start(sink, host);
  }

  get facts(): MemberFacts | undefined {
    return this.#flux.facts;
  }

  get size(): number {
    return this.#size;
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

  explain(id: bigint, started: boolean): Promise<JobTrace | null> {
    return this.#flux.explain(id, started);
  }

  /** Adds instances or removes them: one stays at least. A removed one ends when its jobs have ended. */
  async resize(delta: number): Promise<ResizeOutcome> {
    const wanted = this.#size + delta;
    const { before, after } = await this.#flux.resizeTree(Math.max(1, wanted));
    this.#size = after;
    return { before, after, ...(wanted < 1 ? { note: 'one instance stays' } : {}) };
  }

  stop(grace: number, end: EndOfRun): Promise<void> {
    return this.#flux.stop(grace, end);
  }
}
