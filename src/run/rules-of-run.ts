/**
 * The rules of a run by their indexes in the engine: those that the file had when the run began, those of probes, and
 * those that were added later, at run time or to the file.
 */

import { resolveAddedRule } from '../config/resolve/added.js';
import type { CompiledRule } from '../engine/engine.js';
import { compileProbe, compileRule, type RuleNames } from '../engine/plan/compile.js';
import type { PlanRule } from '../engine/plan/plan.js';
import { EnsembleError } from '../errors.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import type { GrowthWatch } from './growth-watch.js';
import { type AddedRule, fileRuleText, readAddedRule, readFileRule } from './notes.js';
import { type ProbeOfGroup, probesOf } from './probes.js';

export class RulesOfRun {
  readonly #config: EnsembleConfig;
  readonly #names: RuleNames;
  readonly #growth: GrowthWatch;
  /** Null for the rule of a probe. */
  readonly #rules: (Rule | null)[];
  readonly #probes: readonly ProbeOfGroup[];
  readonly #restored: AddedRule[] = [];
  readonly #planned: number;
  /** Rules of the file that the engine has. */
  #ofFile: number;

  /** `planned`: rules of the file when the run began. */
  constructor(config: EnsembleConfig, planned: number, names: RuleNames, growth: GrowthWatch) {
    this.#config = config;
    this.#planned = planned;
    this.#ofFile = planned;
    this.#names = names;
    this.#growth = growth;
    this.#probes = probesOf(config.groups);
    this.#rules = [...config.rules.slice(0, planned), ...this.#probes.map(() => null)];
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
    return this.#probes[index - this.#planned] ?? null;
  }

  /** Adds a rule. It is known here before the engine can fire it. */
  add(rule: Rule): CompiledRule {
    this.#growth.added(this.#rules.push(rule) - 1, rule);
    return { rule: compileRule(rule, this.#names), metrics: this.#names.metrics.takeNew() };
  }

  /** The next rule of the file that the engine does not have, with its text for the log; null without one. */
  addOfFile(): (CompiledRule & { readonly text: string }) | null {
    const index = this.#ofFile;
    const rule = this.#config.rules[index];
    if (rule === undefined) return null;
    this.#ofFile++;
    return { ...this.add(rule), text: fileRuleText(index) };
  }

  /** Adds a rule again from its text in the log. Throws EnsembleError for an invalid one. */
  restore(text: string): CompiledRule {
    if (readFileRule(text) === this.#ofFile) {
      const ofFile = this.addOfFile();
      if (ofFile !== null) return ofFile;
    }
    const added = readAddedRule(text);
    if (added === null) throw new EnsembleError('ERR_RUN', 'another version of flux-ensemble wrote it');
    this.#restored.push(added);
    return this.add(resolveAddedRule(added.rule, this.#config));
  }
}
