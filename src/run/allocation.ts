/** Tells the engine the size of the run's allocation and its end, for rules that name `size` or `timeleft`. */

import type { Engine } from '../engine/engine.js';
import type { Member } from '../members/member.js';
import type { GuardedMember } from './guarded-member.js';

export class AllocationFacts {
  readonly #engine: Pick<Engine, 'setAllocation'>;
  readonly #member: Pick<Member, 'allocationEnd'>;
  readonly #guarded: Pick<GuardedMember, 'size'>;
  #end: number | null = null;

  constructor(
    engine: Pick<Engine, 'setAllocation'>,
    member: Pick<Member, 'allocationEnd'>,
    guarded: Pick<GuardedMember, 'size'>,
  ) {
    this.#engine = engine;
    this.#member = member;
    this.#guarded = guarded;
  }

  /** The member has started. An end that can't be found out is unknown. */
  async begin(): Promise<void> {
    this.#end = (await this.#member.allocationEnd?.().catch(() => null)) ?? null;
    await this.#engine.setAllocation(this.#guarded.size, this.#end);
  }

  /** The size may have changed. */
  resized(): void {
    // A closed engine needs no facts.
    this.#engine.setAllocation(this.#guarded.size, this.#end).catch(() => {});
  }
}
