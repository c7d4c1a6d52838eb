/** The rules of a run by their indexes in the engine: those of the file, those of probes, and those added at run time. */

import { resolveAddedRule } from '../config/resolve/added.js';
import type { CompiledRule } from '../engine/engine.js';
import { compileProbe, compileRule, type RuleNames } from '../engine/plan/compile.js';
import type { PlanRule } from '../engine/plan/plan.js';
import { EnsembleError } from '../errors.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import type { GrowthWatch } from './growth-watch.js';
import { type AddedRule, readAddedRule } from './notes.js';
import { type ProbeOfGroup, probesOf } from './probes.js';

export class RulesOfRun {
  readonly #config: EnsembleConfig;
  readonly #names: RuleNames;
  readonly #growth: GrowthWatch;
  /** Null for the rule of a probe. */
  readonly #rules: (Rule | null)[];
  readonly #probes: readonly ProbeOfGroup[];
  readonly #restored: AddedRule[] = [];

  constructor(config: EnsembleConfig, names: RuleNames, growth: GrowthWatch) {
    this.#config = config;
    this.#names = names;
    this.#growth = growth;
    this.#probes = probesOf(config.groups);
    this.#rules = [...config.rules, ...this.#probes.map(() => null)];
  }

  /** All rules, by index. */
  get all(): readonly (Rule | null)[] {
    return this.#rules;
  }

  /** Rules that were added before the run was resumed, in their order. */
  get restored(): readonly AddedRule[] {
    return this.#restored;
  }

  /** The rules of probes, for the plan. */
  compileProbes(): PlanRule[] {
    return this.#probes.map(({ group }) => compileProbe(group, this.#names));
  }

  /** The rule of this index; null for that of a probe, and for an unknown one. */
  rule(index: number): Rule | null {
    return this.#rules[index] ?? null;
  }

  /** The probe by whose rule the engine reports the jobs to measure; null for other rules. */
  probe(index: number): ProbeOfGroup | null {
    return this.#probes[index - this.#config.rules.length] ?? null;
  }

  /** Adds a rule. It is known here before the engine can fire it. */
  add(rule: Rule): CompiledRule {
    this.#growth.added(this.#rules.push(rule) - 1, rule);
    return { rule: compileRule(rule, this.#names), metrics: this.#names.metrics.takeNew() };
  }

  /** Adds a rule again from its text in the log. Throws EnsembleError for an invalid one. */
  restore(text: string): CompiledRule {
    const added = readAddedRule(text);
    if (added === null) throw new EnsembleError('ERR_RUN', 'another version of flux-ensemble wrote it');
    this.#restored.push(added);
    return this.add(resolveAddedRule(added.rule, this.#config));
  }
}
