/** The base of members that run jobs by the Flux member, and have a size of their own. */

import type { JobspecPortion } from '../engine/plan/plan.js';
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

export abstract class ResizedFlux implements Member {
  abstract readonly name: string;
  protected readonly flux: FluxMember;

  constructor(flux: FluxMember) {
    this.flux = flux;
  }

  start(sink: MemberSink, host: MemberHost): Promise<void> {
    return this.flux.start(sink, host);
  }

  get notice(): string | undefined {
    return this.flux.notice;
  }

  get facts(): MemberFacts | undefined {
    return this.flux.facts;
  }

  reconcile(signal: AbortSignal): Promise<Reconciliation> {
    return this.flux.reconcile(signal);
  }

  portion(template: JobTemplate, count: number): JobspecPortion {
    return this.flux.portion(template, count);
  }

  submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    return this.flux.submit(template, count, origin);
  }

  cancel(ids: Iterable<bigint>, note: string): Promise<number> {
    return this.flux.cancel(ids, note);
  }

  setUrgency(ids: Iterable<bigint>, urgency: number): Promise<number> {
    return this.flux.setUrgency(ids, urgency);
  }

  explain(id: bigint, started: boolean): Promise<JobTrace | null> {
    return this.flux.explain(id, started);
  }

  outputLog(id: bigint): Promise<string | null> {
    return this.flux.outputLog(id);
  }

  allocationEnd(): Promise<number | null> {
    return this.flux.allocationEnd();
  }

  abstract resize(delta: number, signal?: AbortSignal): Promise<ResizeOutcome>;

  stop(grace: number, end: EndOfRun): Promise<void> {
    return this.flux.stop(grace, end);
  }
}
