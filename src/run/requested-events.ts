/** The events that a member has to deliver, so that a member that can leave out others does. */

import { runsUserCode } from '../actions/catalog.js';
import { actionsOf, type EnsembleConfig, type Rule } from '../model/ensemble.js';
import { limitsByOwner } from '../model/job-limits.js';
import { tellAnything } from '../model/tells.js';

/** The sources of derived triggers, in addition to the events of the statistics. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  sched: ['validate', 'depend', 'priority', 'urgency', 'jobspec-update', 'flux-restart'],
  run: ['alloc'],
  cleanup: [],
  inactive: [],
  success: [],
  fail: [],
  cancel: [],
  timeout: [],
  tell: ['memo'],
};

export interface RequestedEventsOptions {
  /** The run has a log. It needs `alloc`, because it brings the hosts of a job. */
  readonly logged: boolean;
  /** All events are recorded or read. */
  readonly all: boolean;
  /** The member can deliver more events later. Otherwise, code of the user, which may add rules, needs all events. */
  readonly canWiden: boolean;
}

/** Whether node hours or core hours are needed, which are known from R. */
function needsHours(config: Pick<EnsembleConfig, 'rules' | 'groups' | 'limits'>): boolean {
  return (
    [...limitsByOwner(config)].some(([, { nodeHours }]) => nodeHours !== null) ||
    config.rules.some(({ when }) =>
      when?.steps.some((step) => step.op === 'metric' && step.metric.kind === 'hours'),
    )
  );
}

/** Names of the events that a rule waits for; null for all events: `debug.` events have open names. */
function eventsOf({ trigger }: Rule): readonly string[] | null {
  if (trigger.kind !== 'job') return [];
  // A job has stalled after a time without any event.
  if (trigger.event === 'debug' || trigger.event === 'stalled') return null;
  return SOURCES[trigger.event] ?? [trigger.event];
}

export class RequestedEvents {
  readonly #names: Set<string>;
  #all: boolean;

  /** The events of the rules that the run has now. */
  constructor(
    config: Pick<EnsembleConfig, 'rules' | 'groups' | 'limits'>,
    rules: readonly (Rule | null)[],
    { logged, all, canWiden }: RequestedEventsOptions,
  ) {
    this.#names = new Set(logged || needsHours(config) ? ['alloc'] : []);
    // Memos bring the values that jobs tell.
    if ([...config.groups.values()].some(({ tells }) => tellAnything(tells))) this.#names.add('memo');
    this.#all = all || (!canWiden && config.rules.some((rule) => actionsOf(rule).some(runsUserCode)));
    for (const rule of rules) if (rule !== null) this.add(rule);
  }

  /** Names of the events, in addition to those of the statistics; null for all events. */
  get names(): readonly string[] | null {
    return this.#all ? null : [...this.#names];
  }

  /** Adds the events of a rule. True when some of them were not requested before. */
  add(rule: Rule): boolean {
    if (this.#all) return false;
    const events = eventsOf(rule);
    if (events === null) {
      this.#all = true;
      return true;
    }
    const before = this.#names.size;
    for (const name of events) this.#names.add(name);
    return this.#names.size > before;
  }
}
