/**
 * An ensemble as the rest of the program sees it: checked, every default filled in, names resolved. Made from
 * YAML or a plain object by `loadConfig` and `parseConfig`; nothing else makes one.
 */

import type { Action } from './action.js';
import type { ExpressionCondition } from './condition.js';
import type { PluginPartName } from './part-name.js';
import type { PluginInfo } from './plugin.js';
import type { TestCase } from './test.js';
import type { Trigger } from './trigger.js';
import type { Given, Row } from './written.js';

/** What a job of a group is, in full: every default and every tag is filled in. */
export interface JobTemplate {
  /** The job group; becomes `attributes.user.group` of the jobspec. */
  readonly group: string;
  /** The program and its arguments, split into words; never passed through a shell. */
  readonly command: readonly string[];
  /** Working directory, or null for that of this process. */
  readonly workdir: string | null;
  /** Whether the jobs begin with this process's environment, or with none. */
  readonly inheritEnvironment: boolean;
  /** Variables set on top of that. */
  readonly environment: Readonly<Record<string, string>>;
  readonly nodes: number;
  readonly tasks: number;
  /** Cores for each task. */
  readonly cores: number;
  /** GPUs for each task. */
  readonly gpus: number;
  /** Time limit in seconds, 0 for none. */
  readonly duration: number;
  /** 0 (held) to 31 (expedite), 16 by default. */
  readonly urgency: number;
  readonly queue: string | null;
  readonly bank: string | null;
  /** File for standard output, a template like `out-{{id}}.txt`; null for none. */
  readonly output: string | null;
  /** File for standard error; null for the same place as `output`. */
  readonly error: string | null;
  /** Jobspec attributes (RFC 14) on top of those above, for members that have jobspecs. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Index of its entry in the group; becomes `attributes.user.origin.entry`. */
  readonly entry: number;
  /** They become `attributes.user.parameters`; their texts become `attributes.user.origin.texts`. */
  readonly parameters: Row;
  /**
   * What else was filled in when it was submitted, by name (`index`, `event.id`): with it, the same job can be made
   * again. Null for a job that is as the file has it.
   */
  readonly values: Row | null;
}

/** How the values of a parameter are drawn. */
export type Distribution =
  /** From `from` up to, but not with, `to`. */
  | { readonly kind: 'uniform' | 'loguniform'; readonly from: number; readonly to: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  /** Both ends included. */
  | { readonly kind: 'integer'; readonly from: number; readonly to: number }
  | { readonly kind: 'choice'; readonly values: readonly Given[] };

/** What the parameters of an entry range over. */
export interface Sweep {
  /** All parameters, in the order of the file. */
  readonly names: readonly string[];
  /** Values of the parameters that are not drawn, in every combination. */
  readonly rows: readonly Row[];
  readonly draws: readonly (readonly [string, Distribution])[];
  /** Rows that are drawn for each of `rows`. */
  readonly samples: number;
  readonly seed: number;
}

/** A job as the file has it: its texts, and what became of them a number, may hold tags like `{{temperature}}`. */
export interface JobDraft
  extends Omit<
    JobTemplate,
    'nodes' | 'tasks' | 'cores' | 'gpus' | 'duration' | 'entry' | 'parameters' | 'values'
  > {
  readonly nodes: number | string;
  readonly tasks: number | string;
  readonly cores: number | string;
  readonly gpus: number | string;
  readonly duration: number | string;
  /** The names in all its tags but Flux's own. */
  readonly names: ReadonlySet<string>;
  /** Null without parameters. */
  readonly sweep: Sweep | null;
}

/**
 * One `jobs:` entry or, where that has parameters, one row of their values. Entries of the same group are submitted
 * together, in the order of the file.
 */
export interface JobEntry extends JobTemplate {
  /** Jobs that one submission of the group starts from this entry. */
  readonly count: number;
  /** The command as it was written, for messages. */
  readonly commandText: string;
  /** What it was made of, where other values could make another job of it; null where nothing can. */
  readonly draft: JobDraft | null;
  /**
   * Its tags ask for what is known only when it is submitted, so the entry itself is no job yet: its draft is to be
   * filled in then.
   */
  readonly late: boolean;
}

/** When jobs that ended badly are submitted again. */
export interface RetryPolicy {
  /** Times that a job is submitted again at most. */
  readonly times: number;
  /** Seconds from the end of a job to its next submission: `initial`, then each time `factor` times as long. */
  readonly backoff: { readonly initial: number; readonly factor: number; readonly longest: number };
  readonly outcomes: readonly ('failed' | 'timeout' | 'canceled')[];
  /** Or jobs whose gravest exception is of one of these types. */
  readonly exceptions: readonly string[];
}

/** A probe of a plugin that measures the jobs of a group. */
export interface GroupProbe {
  /** `lammps.thermo` */
  readonly probe: PluginPartName;
  readonly with: Readonly<Record<string, unknown>>;
  /** The names of what it measures: variables of the group. */
  readonly values: readonly string[];
  /** Seconds that it may take for a job. */
  readonly timeout: number;
}

export interface JobGroup {
  readonly name: string;
  /** Null for jobs that are not submitted again. */
  readonly retry: RetryPolicy | null;
  readonly entries: readonly JobEntry[];
  /** Sum of the entries' counts. */
  readonly count: number;
  /** Seconds that an active job may be without an event before it counts as stalled; null for ever. */
  readonly stalled: number | null;
  readonly probes: readonly GroupProbe[];
}

export interface Rule {
  /** As people know it: the rule's `name` or, without one, its trigger (`count.sleep.success`, `start`). */
  readonly title: string;
  /** The trigger as it was written: `job-finish`, `metric`. */
  readonly triggerText: string;
  /** `when` as it was written, a number or text; null for none. */
  readonly whenText: number | string | null;
  /** The algorithm (`use:`) that it is of, or null for a rule of the file itself. */
  readonly algorithm: string | null;
  readonly trigger: Trigger;
  /** What must hold besides; null for nothing, or where the trigger has the short form of it. */
  readonly when: ExpressionCondition | null;
  /** The states in which the rule is judged; empty for all. */
  readonly in: readonly string[];
  /** Seconds that the condition must have held (or the state lasted), or null. */
  readonly for: number | null;
  /** The least seconds between two firings, or null. */
  readonly cooldown: number | null;
  readonly action: Action;
}

/** Where the user's own functions come from, and what they are written in. */
export type CustomSource = { readonly language: 'javascript' | 'python' } & (
  | {
      readonly kind: 'inline';
      readonly source: string;
      /** Line of the block's first line in the file. */
      readonly line: number | null;
    }
  | {
      readonly kind: 'module';
      /** Absolute. */
      readonly path: string;
    }
);

/** A plugin of the file. */
export interface ConfigPlugin extends PluginInfo {
  /** As the file names it: `./lammps.mjs`. */
  readonly specifier: string;
  /** Of its module. */
  readonly url: string;
}

export interface EnsembleConfig {
  /** The file it came from, absolute, or null. */
  readonly file: string | null;
  readonly debug: boolean;
  /** Seconds between heartbeats, 0 for none. */
  readonly heartbeat: number;
  /** Of the ensemble, the first is the initial one; empty for an ensemble without. */
  readonly states: readonly string[];
  /** In the order in which the file names them first. */
  readonly groups: ReadonlyMap<string, JobGroup>;
  /** By the name of a parameter, an integer among its values that no number can be trusted to hold. */
  readonly largeParameters: ReadonlyMap<string, bigint>;
  readonly rules: readonly Rule[];
  readonly custom: CustomSource | null;
  /** In the order of the file. */
  readonly plugins: readonly ConfigPlugin[];
  readonly tests: readonly TestCase[];
}
