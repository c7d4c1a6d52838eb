/**
 * Ensemble files whose outcome does not depend on timing: the same jobs run and the same rules fire as often, in whatever
 * order events come. Each job appends its key to a file at its end, and each function appends its call to another one.
 */

import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { root } from './command.js';

export type Language = 'javascript' | 'python';

/** A group of jobs, as the features after it see it. Each job has a parameter `i` that is unique in the group. */
export interface Group {
  readonly name: string;
  /** How many of its jobs succeed. */
  readonly successes: number;
  /** How many of its jobs end, each attempt counted. */
  readonly ends: number;
  /** How many of its jobs are canceled. */
  readonly canceled: number;
}

interface Entry {
  readonly parameters: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

type Rule = Readonly<Record<string, unknown>>;

/** Seconds that a job runs. */
const SECONDS = 0.02;

/** Rows of a sweep: `i` from 0. */
export const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ i }));

/** The rule ends only as often as this. */
export const ALWAYS = 1000;

export class StudyBuilder {
  readonly language: Language;
  readonly groups: Group[] = [];
  readonly #jobs: Record<string, unknown>[] = [];
  readonly #rules: Rule[] = [];
  readonly #states: string[] = ['first'];

  constructor(language: Language) {
    this.language = language;
  }

  /** Adds a group whose jobs exit with their parameter `status`, or else with 0. */
  group(kind: string, ends: Partial<Group>, { parameters, ...keys }: Entry): Group {
    const name = `${kind}${this.groups.length}`;
    const all = parameters.map((row) => ({ status: 0, ...row }));
    this.#jobs.push({
      name,
      command: `./job.sh ${name}-{{i}} ${SECONDS} {{status}}`,
      workdir: '.',
      parameters: all,
      ...keys,
    });
    const successes = all.filter(({ status }) => status === 0).length;
    const group = { name, successes, ends: successes, canceled: 0, ...ends };
    this.groups.push(group);
    return group;
  }

  rule(rule: Rule): void {
    this.#rules.push(rule);
  }

  /** Adds a state and returns its name with that of the state before it. */
  state(): { readonly before: string; readonly state: string } {
    const before = this.#states.at(-1) ?? '';
    const state = `state${this.#states.length}`;
    this.#states.push(state);
    return { before, state };
  }

  /** Ends the ensemble when each job has ended. */
  endsByRule(): void {
    const parts = this.groups.map(({ name, ends, canceled }) =>
      canceled > 0 ? `count.${name}.canceled == ${canceled}` : `count.${name}.finished == ${ends}`,
    );
    const last = this.group('last', {}, { parameters: rows(1) });
    const { state } = this.state();
    this.rule({
      trigger: 'metric',
      when: parts.join(' and '),
      action: { name: 'submit', label: last.name, goto: state },
    });
    this.rule({ trigger: 'metric', when: `count.${last.name}.success == 1`, action: { name: 'terminate' } });
  }

  build(name: string): Study {
    const file = {
      states: this.#states,
      plugins: ['./plugin.mjs'],
      custom: { file: this.language === 'python' ? './functions.py' : './functions.mjs' },
      jobs: this.#jobs,
      rules: this.#rules,
    };
    return new Study(name, stringify(file), this.groups);
  }
}

const PROGRAMS = ['job.sh', 'program.sh', 'functions.mjs', 'functions.py', 'plugin.mjs'];

export class Study {
  readonly name: string;
  readonly text: string;
  readonly groups: readonly Group[];

  constructor(name: string, text: string, groups: readonly Group[]) {
    this.name = name;
    this.text = text;
    this.groups = groups;
  }

  /** Writes the file and its programs into a new folder; returns the path of the file. */
  write(folder: string): string {
    mkdirSync(folder, { recursive: true });
    for (const name of PROGRAMS) {
      copyFileSync(join(root, 'test/chaos/programs', name), join(folder, name));
      chmodSync(join(folder, name), 0o755);
    }
    for (const name of ['keys', 'calls']) writeFileSync(join(folder, name), '');
    const path = join(folder, 'study.yaml');
    writeFileSync(path, this.text);
    return path;
  }
}
