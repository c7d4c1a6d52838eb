/**
 * The rules of a run by their indexes in the engine: those that the file had when the run began, those of probes and of
 * searches, and those that were added later, at run time or to the file.
 */

import { resolveAddedRule } from '../config/resolve/added.js';
import type { CompiledRule } from '../engine/engine.js';
import { compileProbe, compileRule, type RuleNames } from '../engine/plan/compile.js';
import type { PlanMetric, PlanRule } from '../engine/plan/plan.js';
import { EnsembleError } from '../errors.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import type { GrowthWatch } from './growth-watch.js';
import type { PlannedCounts } from './kept-configuration.js';
import {
  type AddedRule,
  fileProbeText,
  fileRuleText,
  fileSearchText,
  readAddedRule,
  readFileProbe,
  readFileRule,
  readFileSearch,
} from './notes.js';
import { type ProbeOfGroup, probesOf } from './probes.js';
import { compileSearchRule, type SearchRule, searchRulesOf } from './search/rules.js';

export class RulesOfRun {
  readonly #config: EnsembleConfig;
  readonly #names: RuleNames;
  readonly #growth: GrowthWatch;
  /** Null for the rule of a probe or a search. */
  readonly #rules: (Rule | null)[];
  /** By the index of their rule. */
  readonly #probes: Map<number, ProbeOfGroup>;
  readonly #searches: Map<number, SearchRule>;
  readonly #restored: AddedRule[] = [];
  /** Rules of the file that the engine has, and probes that it does not have. */
  #ofFile: number;
  readonly #newProbes: ProbeOfGroup[];
  readonly #newSearches: SearchRule[];

  constructor(config: EnsembleConfig, planned: PlannedCounts, names: RuleNames, growth: GrowthWatch) {
    this.#config = config;
    this.#ofFile = planned.rules;
    this.#names = names;
    this.#growth = growth;
    const probes = probesOf(config.groups);
    const searches = searchRulesOf(config.groups);
    const groups = new Map([...config.groups].slice(0, planned.groups));
    const first = probesOf(groups);
    const firstSearches = searchRulesOf(groups);
    this.#probes = new Map(first.map((probe, i) => [planned.rules + i, probe]));
    this.#newProbes = probes.slice(first.length);
    this.#searches = new Map(firstSearches.map((rule, i) => [planned.rules + first.length + i, rule]));
    this.#newSearches = searches.slice(firstSearches.length);
    const own = [...first, ...firstSearches].map(() => null);
    this.#rules = [...config.rules.slice(0, planned.rules), ...own];
  }

  /** All rules, by index. */
  get all(): readonly (Rule | null)[] {
    return this.#rules;
  }

  /** Rules that were added before the run was resumed, in their order. */
  get restored(): readonly AddedRule[] {
    return this.#restored;
  }

  /** The rules of probes and searches, for the plan, with the metrics that they add to it. */
  compileOwn(): { readonly rules: PlanRule[]; readonly metrics: PlanMetric[] } {
    const probes = [...this.#probes.values()].map(({ group, probe }) =>
      compileProbe(group, probe, this.#names),
    );
    const searches = [...this.#searches.values()].map((rule) => this.#compileSearch(rule));
    return { rules: [...probes, ...searches], metrics: this.#names.metrics.takeNew() };
  }

  /** The rule of this index; null for that of a probe or a search, and for an unknown one. */
  rule(index: number): Rule | null {
    return this.#rules[index] ?? null;
  }

  /** The probe by whose rule the engine reports the jobs to measure; null for other rules. */
  probe(index: number): ProbeOfGroup | null {
    return this.#probes.get(index) ?? null;
  }

  /** The search to which the engine reports by the rule; null for other rules. */
  search(index: number): SearchRule | null {
    return this.#searches.get(index) ?? null;
  }

  /** Adds a rule. It is known here before the engine can fire it. */
  add(rule: Rule): CompiledRule {
    this.#growth.added(this.#rules.push(rule) - 1, rule);
    return { rule: compileRule(rule, this.#names), metrics: this.#names.metrics.takeNew() };
  }

  /** The next rule or probe of the file that the engine does not have, with its text for the log; null without one. */
  addOfFile(): (CompiledRule & { readonly text: string }) | null {
    const [probe] = this.#newProbes;
    if (probe !== undefined) return { ...this.#addProbe(probe), text: fileProbeText(probe) };
    const [search] = this.#newSearches;
    if (search !== undefined) return { ...this.#addSearch(search), text: fileSearchText(search) };
    const index = this.#ofFile;
    const rule = this.#config.rules[index];
    if (rule === undefined) return null;
    this.#ofFile++;
    return { ...this.add(rule), text: fileRuleText(index) };
  }

  #addProbe(probe: ProbeOfGroup): CompiledRule {
    this.#newProbes.splice(this.#newProbes.indexOf(probe), 1);
    this.#probes.set(this.#rules.push(null) - 1, probe);
    return { rule: compileProbe(probe.group, probe.probe, this.#names), metrics: [] };
  }

  #addSearch(rule: SearchRule): CompiledRule {
    this.#newSearches.splice(this.#newSearches.indexOf(rule), 1);
    this.#searches.set(this.#rules.push(null) - 1, rule);
    return { rule: this.#compileSearch(rule), metrics: this.#names.metrics.takeNew() };
  }

  #compileSearch(rule: SearchRule): PlanRule {
    return compileSearchRule(rule, this.#config.groups, this.#names);
  }

  /** Adds a rule or a probe again from its text in the log. Throws EnsembleError for an invalid one. */
  restore(text: string): CompiledRule {
    const place = readFileProbe(text);
    const probe = this.#newProbes.find(({ group, index }) => group === place?.group && index === place.index);
    if (probe !== undefined) return this.#addProbe(probe);
    const asked = readFileSearch(text);
    const search = this.#newSearches.find(({ group, on }) => group === asked?.group && on === asked.on);
    if (search !== undefined) return this.#addSearch(search);
    const rule = ruleOfText(text, this.#config);
    if (rule === null) throw new EnsembleError('ERR_RUN', 'another version of flux-ensemble wrote it');
    if (readFileRule(text) !== null) this.#ofFile++;
    const added = readAddedRule(text);
    if (added !== null) this.#restored.push(added);
    return this.add(rule);
  }
}

/** Returns the rule that a text in the log adds; null for a text of another kind. Throws ConfigError. */
export function ruleOfText(text: string, config: EnsembleConfig): Rule | null {
  const ofFile = readFileRule(text);
  if (ofFile !== null) return config.rules[ofFile] ?? null;
  const added = readAddedRule(text);
  return added === null ? null : resolveAddedRule(added.rule, config);
}
