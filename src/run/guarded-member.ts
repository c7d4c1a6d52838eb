/** The member of a run where no action could fail with it: what it throws there ends the run, or is reported. */

import { MemberError } from '../errors.js';
import { SteadyClock } from '../members/local/clock.js';
import type { EndOfRun, Member } from '../members/member.js';

export interface GuardedMemberEvents {
  /** The member threw where the run can't go on without it. */
  failed(error: MemberError): void;
  /** The member threw where the result of the run is worth more. */
  problem(error: MemberError): void;
}

export class GuardedMember {
  readonly #member: Member;
  readonly #events: GuardedMemberEvents;
  readonly #clock: SteadyClock;

  constructor(member: Member, events: GuardedMemberEvents, clock: SteadyClock = new SteadyClock()) {
    this.#member = member;
    this.#events = events;
    this.#clock = clock;
  }

  /** The run's time, in seconds since the epoch. */
  now(): number {
    return this.#member.now?.() ?? this.#clock.now();
  }

  /** Slots or nodes of the member as it is now; null for a member that does not know its size. */
  get size(): number | null {
    try {
      return this.#member.size ?? null;
    } catch {
      return null;
    }
  }

  /** Requests to the workload manager by their kind; empty for a member that does not count them. */
  get requests(): Readonly<Record<string, number>> {
    try {
      return this.#member.requests ?? {};
    } catch {
      return {};
    }
  }

  get expectsMore(): boolean {
    try {
      return this.#member.expectsMore === true;
    } catch (cause) {
      this.#failed('expectsMore', cause);
      return false;
    }
  }

  setGrowable(growable: boolean): void {
    try {
      this.#member.setGrowable?.(growable);
    } catch (cause) {
      this.#failed('setGrowable()', cause);
    }
  }

  /** Never rejects. */
  async stop(grace: number, end: EndOfRun): Promise<void> {
    try {
      await this.#member.stop(grace, end);
    } catch (cause) {
      this.#events.problem(new MemberError(`the member could not be stopped: ${reasonOf(cause)}`, { cause }));
    }
  }

  #failed(method: string, cause: unknown): void {
    this.#events.failed(new MemberError(`${method} of the member failed: ${reasonOf(cause)}`, { cause }));
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
