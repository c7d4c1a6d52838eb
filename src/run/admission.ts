/** Submits jobs to a member, when limits let them leave. */

import type { ActionContext } from '../actions/context.js';
import { hasValue } from '../actions/submit/open-submissions.js';
import type { Engine } from '../engine/engine.js';
import type { Member, SubmitOrigin } from '../members/member.js';
import { type EnsembleConfig, hasStreams, type JobTemplate } from '../model/ensemble.js';
import type { FiringValue } from '../model/firing.js';
import { hasLimits } from '../model/job-limits.js';
import type { TaskQueue } from './task-queue.js';

/** A submission of which jobs are held back. */
interface Held {
  template: JobTemplate;
  /** Jobs that were not handed on yet. */
  left: number;
  /** Its jobs were canceled. They leave the queue without being submitted. */
  dropped: boolean;
}

export class Admission {
  readonly #engine: Engine;
  readonly #member: Member;
  readonly #queue: TaskQueue;
  readonly #hasLimits: boolean;
  #tickets = 0;
  /** Submissions of which jobs are held back here, by ticket. */
  readonly #held = new Map<number, Held>();

  constructor(
    config: Pick<EnsembleConfig, 'limits' | 'groups'>,
    { engine, member, queue }: Pick<ActionContext, 'engine' | 'member'> & { readonly queue: TaskQueue },
  ) {
    this.#engine = engine;
    this.#member = member;
    this.#queue = queue;
    // A member may limit its active jobs by itself.
    this.#hasLimits = hasLimits(config) || member.activeJobs !== undefined || hasStreams(config);
  }

  /** Implements `ActionContext.submit`. Throws MemberError or ActionError. */
  async submit(
    template: JobTemplate,
    count: number,
    origin: SubmitOrigin,
    onHeld: () => void = () => {},
  ): Promise<number> {
    const { portion } = this.#member;
    if (this.#hasLimits && portion === undefined && count > 0) {
      return this.#submitPieces(template, count, origin, onHeld);
    }
    const submitted = this.#member.submit(template, count, origin);
    // The source of a member that submits natively holds its jobs back by itself.
    void this.noticeHeld(onHeld);
    return submitted;
  }

  /** Implements `ActionContext.noticeHeld`. */
  async noticeHeld(onHeld: () => void): Promise<void> {
    if (this.#member.holdsBack === true) return onHeld();
    if (!this.#hasLimits) return;
    // A closed engine holds nothing back.
    const status = await this.#engine.status().catch(() => null);
    if (status !== null && status.queued > 0) onHeld();
  }

  /** Implements `ActionContext.dropQueued`. */
  async dropQueued(group: string, by: FiringValue | null): Promise<number> {
    const dropped = await this.#engine.dropQueued(this.#engine.groups.indexOf(group), by);
    if (by === null) return dropped;
    let marked = 0;
    for (const held of this.#held.values()) {
      if (held.dropped || held.template.group !== group || !hasValue(held.template.parameters, by)) continue;
      held.dropped = true;
      marked += held.left;
    }
    return dropped + marked;
  }

  /** Implements `ActionContext.setQueuedUrgency`. */
  async setQueuedUrgency(group: string, urgency: number): Promise<number> {
    for (const held of this.#held.values()) {
      if (held.template.group === group) held.template = { ...held.template, urgency };
    }
    return this.#engine.setQueuedUrgency(this.#engine.groups.indexOf(group), urgency);
  }

  async #submitPieces(
    template: JobTemplate,
    count: number,
    origin: SubmitOrigin,
    onHeld: () => void,
  ): Promise<number> {
    const ticket = this.#tickets++;
    const group = this.#engine.groups.indexOf(template.group);
    const held: Held = { template, left: count, dropped: false };
    this.#held.set(ticket, held);
    const first = this.#engine.admit(ticket, group, count, template.urgency);
    void this.noticeHeld(onHeld);
    try {
      let admitted = await this.#queue.waiting(first);
      let accepted = 0;
      for (let sent = 0; admitted > 0; ) {
        let taken = 0;
        try {
          if (!held.dropped) {
            taken = await this.#member.submit(held.template, admitted, {
              ...origin,
              index: origin.index + sent,
            });
          }
        } finally {
          sent += admitted;
          held.left = count - sent;
          accepted += taken;
          // Also after an error, so that jobs that are not active do not count.
          const next = this.#engine.admitMore(ticket, admitted - taken);
          void this.noticeHeld(onHeld);
          // The answer after the last job comes at once. The run must not seem idle meanwhile.
          admitted = await (sent < count ? this.#queue.waiting(next) : next);
        }
      }
      return accepted;
    } finally {
      this.#held.delete(ticket);
    }
  }
}
