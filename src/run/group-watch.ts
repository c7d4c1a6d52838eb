/**
 * Finds out when a group has nothing left to do. The engine knows its jobs, and this class the actions that may submit
 * more of them.
 */

import { kindOf } from '../actions/catalog.js';
import type { Engine } from '../engine/engine.js';
import type { Action } from '../model/action.js';
import type { EnsembleConfig } from '../model/ensemble.js';

export class GroupWatch {
  readonly #engine: Pick<Engine, 'groups' | 'groupDone'>;
  /** Actions under way that submit jobs of each group. */
  readonly #submitting = new Map<string, number>();
  /** Actions under way that may submit jobs of any group. */
  #mayAdd = 0;
  /** Groups (by index) that were idle when the engine looked. */
  readonly #idle = new Set<number>();

  /** The group that each group follows, by name. */
  readonly #before: ReadonlyMap<string, string>;

  constructor(engine: Pick<Engine, 'groups' | 'groupDone'>, config: Pick<EnsembleConfig, 'groups'>) {
    this.#engine = engine;
    this.#before = new Map(
      [...config.groups].flatMap(([name, { after }]) => (after === null ? [] : [[name, after] as const])),
    );
  }

  /** An action is to be performed. */
  begin(action: Action): void {
    this.#count(action, 1);
  }

  /** The action has ended. */
  end(action: Action): void {
    this.#count(action, -1);
    if (this.#idle.size > 0) this.#look();
  }

  /** The engine has seen the group idle. */
  idle(group: number): void {
    this.#idle.add(group);
    this.#look();
  }

  #count(action: Action, by: number): void {
    if (action.name === 'submit') {
      this.#submitting.set(action.label, (this.#submitting.get(action.label) ?? 0) + by);
    } else if (kindOf(action).runsUserCode) {
      this.#mayAdd += by;
    }
  }

  /** Whether actions may still submit jobs of the group, or of those that it follows. */
  #isSubmitting(group: string | undefined): boolean {
    if (group === undefined) return false;
    return (this.#submitting.get(group) ?? 0) > 0 || this.#isSubmitting(this.#before.get(group));
  }

  #look(): void {
    if (this.#mayAdd > 0) return;
    for (const group of this.#idle) {
      if (this.#isSubmitting(this.#engine.groups[group])) continue;
      this.#idle.delete(group);
      // A closed engine has no groups. A group that has got jobs meanwhile is reported again.
      this.#engine.groupDone(group).catch(() => {});
    }
  }
}
