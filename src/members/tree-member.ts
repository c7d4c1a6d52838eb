/** Runs jobs in a tree of Flux instances. The Flux member does the work; the size of the member is the number of instances. */

import type { FluxMember } from './flux/flux-member.js';
import type { ResizeOutcome } from './member.js';
import { ResizedFlux } from './resized-flux.js';

export class TreeMember extends ResizedFlux {
  readonly name: string = 'flux';
  readonly holdsBack = true;
  #size: number;

  constructor(flux: FluxMember, instances: number) {
    super(flux);
    this.#size = instances;
  }

  get size(): number {
    return this.#size;
  }

  activeJobs(): Promise<number | null> {
    return this.flux.activeJobs(this.#size);
  }

  /** Adds instances or removes them: one stays at least. A removed one ends when its jobs have ended. */
  async resize(delta: number): Promise<ResizeOutcome> {
    const wanted = this.#size + delta;
    const { before, after } = await this.flux.resizeTree(Math.max(1, wanted));
    this.#size = after;
    return { before, after, ...(wanted < 1 ? { note: 'one instance stays' } : {}) };
  }
}
