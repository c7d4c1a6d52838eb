/** Titles of the rules of a kept run, also of those that were added during the run. */

import { readFileSync } from 'node:fs';
import { parseConfig } from '../config/load.js';
import { EnsembleError } from '../errors.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import { firstConfigurationFile } from '../store/run-folder.js';
import type { StoredRun } from '../store/runs.js';
import { probesOf } from './probes.js';
import { ruleOfText } from './rules-of-run.js';

export class RuleTitles {
  readonly #run: StoredRun;
  readonly #texts: readonly string[];
  readonly #configuration: () => EnsembleConfig | null;
  /** Undefined before they are read. */
  #added: readonly (string | null)[] | undefined;

  /** `texts` are those of the added rules in the log. `configuration` is null where it can't be read. */
  constructor(run: StoredRun, texts: readonly string[], configuration: () => EnsembleConfig | null) {
    this.#run = run;
    this.#texts = texts;
    this.#configuration = configuration;
  }

  /** Returns the title of the rule with an index; null for an unknown one. */
  of(rule: number): string | null {
    const { rules } = this.#run.manifest;
    if (rule < rules.length) return rules[rule] ?? null;
    this.#added ??= this.#texts.length === 0 ? [] : this.#readAdded();
    return this.#added[rule - rules.length] ?? null;
  }

  /** The rules of the first probes come before those that were added. */
  #readAdded(): (string | null)[] {
    const config = this.#configuration();
    if (config === null) return [];
    try {
      const { path, manifest } = this.#run;
      const text = readFileSync(firstConfigurationFile(path), 'utf8');
      const first = parseConfig(text, { file: manifest.file, recorded: true }).config;
      const titles = this.#texts.map((added) => ruleOfText(added, config)?.title ?? null);
      return [...probesOf(first.groups).map(() => null), ...titles];
    } catch (error) {
      if (error instanceof EnsembleError || (error as NodeJS.ErrnoException).syscall) return [];
      throw error;
    }
  }
}
