/**
 * A checked ensemble: every default is filled in, and names are resolved. It is made from YAML or a plain
 * object, only by `loadConfig` and `parseConfig`.
 */

import type { Action } from './action.js';
import type { ExpressionCondition } from './condition.js';
import type { Limits } from './job-limits.js';
import type { Measurement } from './measure.js';
import type { NotifyTarget } from './notification.js';
import type { Parameters } from './parameters.js';
import type { PluginPartName } from './part-name.js';
import type { PluginInfo } from './plugin.js';
import type { AskOptions } from './search.js';
import type { GroupTells } from './tells.js';
import type { TestCase } from './test.js';
import type { Trigger } from './trigger.js';
import type { Given, Row } from './written.js';

/** Requests of a job to Slurm in addition to its resources. Null for the default of Slurm. */
export interface SlurmOptions {
  readonly partition: string | null;
  readonly account: string | null;
  readonly qos: string | null;
  readonly constraint: string | null;
  /** Options of `sbatch` as they are. */
  readonly options: readonly string[];
}

/** A job of a group in full: every default and every tag is filled in. */
export interface JobTemplate {
  /** The job group; becomes `attributes.user.group` of the jobspec. */
  readonly group: string;
  /** The program and its arguments, split into words; never passed through a shell. */
  readonly command: readonly string[];
  /** Working directory, or null for that of this process. */
  readonly workdir: string | null;
  /** Whether the jobs begin with this process's environment, or with an empty one. */
  readonly inheritEnvironment: boolean;
  /** Variables set on top of that environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly nodes: number;
  readonly tasks: number;
  /** Cores for each task. */
  readonly cores: number;
  /** GPUs for each task. */
  readonly gpus: number;
  /** Time limit in seconds; 0 for no limit. */
  readonly duration: number;
  /** 0 (held) to 31 (expedite), 16 by default. */
  readonly urgency: number;
  readonly queue: string | null;
  readonly bank: string | null;
  /** File for standard output, a template like `out-{{id}}.txt`; null where the entry names none. */
  readonly output: string | null;
  /** File for standard error; null for the same file as `output`. */
  readonly error: string | null;
  /** Its jobs may tell values while they run. */
  readonly tells: boolean;
  /** Jobspec attributes (RFC 14) on top of those above, for members with jobspecs. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** For the Slurm member; null where the entry has no such key. */
  readonly slurm: SlurmOptions | null;
  /** Index of its entry in the group; becomes `attributes.user.origin.entry`. */
  readonly entry: number;
  /** They become `attributes.user.parameters`; their texts become `attributes.user.origin.texts`. */
  readonly parameters: Row;
  /**
   * Other values that were filled in at its submission, by name (`index`, `event.id`). They are needed to
   * submit the same job again. Null for a job that equals its entry in the file.
   */
  readonly values: Row | null;
}

/** The distribution from which the values of a parameter are drawn. */
export type Distribution =
  /** From `from` up to `to`, `to` excluded. */
  | { readonly kind: 'uniform' | 'loguniform'; readonly from: number; readonly to: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  /** Both ends included. */
  | { readonly kind: 'integer'; readonly from: number; readonly to: number }
  | { readonly kind: 'choice'; readonly values: readonly Given[] };

/** How the drawn parameters fill their ranges. */
export const DESIGNS = ['random', 'lhs', 'halton', 'sobol'] as const;
export type Design = (typeof DESIGNS)[number];

/** The values of a parameter in the order of the file. */
export type Values =
  | { readonly kind: 'list'; readonly values: readonly Given[] }
  /** `from`, `from + step`, ..., rounded to a number of decimals. */
  | {
      readonly kind: 'steps';
      readonly from: number;
      readonly step: number;
      readonly decimals: number;
      readonly count: number;
    }
  /** From `from` to `to`, both included, with equal distances or, on a log scale, equal ratios. */
  | {
      readonly kind: 'spread';
      readonly from: number;
      readonly to: number;
      readonly scale: 'linear' | 'log';
      readonly count: number;
    }
  /** Integers that a number may not hold exactly. */
  | { readonly kind: 'integers'; readonly from: bigint; readonly step: bigint; readonly count: number };

/** The types of columns. A text may be empty. */
export const COLUMN_TYPES = ['number', 'boolean', 'text'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** The formats of files of rows. */
export type RowFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet';

/** A file whose rows are parameters. */
export interface RowFile {
  /** Absolute path. */
  readonly path: string;
  readonly format: RowFormat;
  /** The columns that are parameters, in the order of the file. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** The first and the last row that are taken, counted from 1; null for the last one of the file. */
  readonly first: number;
  readonly last: number | null;
  /** An expression over the columns, which holds for the rows that are taken; null for all of them. */
  readonly where: string | null;
  /** Rows of the file; null where they would have to be read. */
  readonly rows: number | null;
}

/** Parameters whose values are in the configuration. */
export interface ValueSweep {
  readonly kind: 'values';
  /** All parameters, in the order of the file. */
  readonly names: readonly string[];
  /** The parameters that are not drawn: rows, or the values of each in every combination. */
  readonly fixed: readonly Row[] | { readonly product: readonly (readonly [string, Values])[] };
  readonly draws: readonly (readonly [string, Distribution])[];
  /** Rows that are drawn for each of the others. */
  readonly samples: number;
  readonly seed: number;
  readonly design: Design;
}

/** Parameters whose values are in a file of their own. */
export interface FileSweep {
  readonly kind: 'file';
  readonly names: readonly string[];
  readonly file: RowFile;
}

/** The values of an entry's parameters. */
export type Sweep = ValueSweep | FileSweep;

/**
 * A job as it is written in the file. Its texts may hold tags like `{{temperature}}`, and so may texts in
 * place of numbers.
 */
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
  /** The names in all its tags, except Flux's own. */
  readonly names: ReadonlySet<string>;
  /** Null without parameters. */
  readonly sweep: Sweep | null;
}

/**
 * One `jobs:` entry or, where that has few rows of parameters, one row of their values. Entries of the same group are
 * submitted together, in the order of the file.
 */
export interface JobEntry extends JobTemplate {
  /** Jobs that one submission of the group starts from this entry. */
  readonly count: number;
  /** The command as it was written, for messages. */
  readonly commandText: string;
  /** The draft of the entry; null where other values can't change the job. */
  readonly draft: JobDraft | null;
  /**
   * The draft has tags whose values are known only at a submission. The entry itself is not a complete job;
   * its draft must be filled in first.
   */
  readonly late: boolean;
  /**
   * The entry stands for all rows of its draft's parameters, which are made when they are submitted. It has no parameters
   * then, and its count is that of each row.
   */
  readonly streamed: boolean;
  /** Its jobs are not submitted where a run has done them already. */
  readonly skipsDone: boolean;
}

/** When failed jobs are submitted again. */
export interface RetryPolicy {
  /** Maximum number of times that a job is submitted again. */
  readonly times: number;
  /**
   * Seconds from the end of a job to its next submission: first `initial`, then multiplied by `factor` each
   * time.
   */
  readonly backoff: { readonly initial: number; readonly factor: number; readonly longest: number };
  readonly outcomes: readonly ('failed' | 'timeout' | 'canceled')[];
  /** Also jobs whose gravest exception has one of these types. */
  readonly exceptions: readonly string[];
  /** Parameters that are other ones each time, as they are written: a text is an expression over those of the failed job. */
  readonly parameters: Parameters;
}

/** A probe of a plugin that measures the jobs of a group. */
export interface GroupPluginProbe {
  readonly kind: 'plugin';
  /** `lammps.thermo` */
  readonly probe: PluginPartName;
  readonly with: Readonly<Record<string, unknown>>;
  /** The names of its values: variables of the group. */
  readonly values: readonly string[];
  /** Seconds that the probe may take for a job. */
  readonly timeout: number;
}

/** Something that measures the jobs of a group: a probe of a plugin, or entries of `measure:`. */
export type GroupProbe = GroupPluginProbe | Measurement;

export interface JobGroup {
  readonly name: string;
  /** Null for jobs that are not submitted again. */
  readonly retry: RetryPolicy | null;
  readonly entries: readonly JobEntry[];
  /** Jobs of one submission of the whole group; null where the number of its rows is unknown before they are read. */
  readonly count: number | null;
  /** Seconds without an event after which an active job counts as stalled; null for never. */
  readonly stalled: number | null;
  readonly probes: readonly GroupProbe[];
  readonly tells: GroupTells;
  /** The search that gives the rows of the group; null without one. */
  readonly ask: AskOptions | null;
  readonly limits: Limits;
  /** The group that this one follows, which is done before; null without one. */
  readonly after: string | null;
}

export interface Rule {
  /** The title for users: the rule's `name` or, without one, its trigger (`count.sleep.success`, `start`). */
  readonly title: string;
  /** The trigger as it was written: `job-finish`, `metric`. */
  readonly triggerText: string;
  /** `when` as it was written, a number or text; null for none. */
  readonly whenText: number | string | null;
  /** The algorithm (`use:`) of the rule, or null for a rule of the file itself. */
  readonly algorithm: string | null;
  readonly trigger: Trigger;
  /** An additional condition; null without one, or where the trigger has the short form of it. */
  readonly when: ExpressionCondition | null;
  /** The parameter of the jobs for each value of which there is a rule; null for one rule. */
  readonly by: string | null;
  /** The states in which the rule is judged; empty for all. */
  readonly in: readonly string[];
  /** Seconds for which the condition must have held (or the state lasted), or null. */
  readonly for: number | null;
  /** The least seconds between two firings, or null. */
  readonly cooldown: number | null;
  readonly action: Action;
  /** The action when the condition, for which the rule has fired, does not hold any more; null without one. */
  readonly resolve: Action | null;
}

/** The actions of a rule. */
export function actionsOf({ action, resolve }: Pick<Rule, 'action' | 'resolve'>): readonly Action[] {
  return resolve === null ? [action] : [action, resolve];
}

/** The action of a rule for a firing. */
export function actionFor(
  { action, resolve }: Pick<Rule, 'action' | 'resolve'>,
  { resolved }: { readonly resolved: boolean },
): Action {
  return resolved && resolve !== null ? resolve : action;
}

/** A `CustomFunction`, whose arguments refer to an ensemble. */
export type ProgramFunction = (args: never) => unknown;

/** The origin of the user's functions, and their language. */
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
  | {
      /** Functions of the program that runs the ensemble. */
      readonly kind: 'program';
      readonly names: readonly string[];
      /** Those that the program has given, by name. */
      readonly functions: ReadonlyMap<string, ProgramFunction>;
    }
);

/** A plugin of the file. */
export interface ConfigPlugin extends PluginInfo {
  /** The plugin as the file names it: `./lammps.mjs`. */
  readonly specifier: string;
  /** Path of its module. */
  readonly url: string;
}

/** `member.flux` of a file: sub-instances of Flux that run the jobs. */
export interface FluxTreeOptions {
  /** Sub-instances that run at once; null without any. */
  readonly instances: number | null;
  /** Nodes of each; null for its share of the instance. */
  readonly nodes: number | null;
  /** Cores of each node; null for whole nodes. */
  readonly cores: number | null;
  /** Jobs after which a sub-instance is replaced; null for never. */
  readonly recycle: number | null;
  /** More arguments of `flux broker`. */
  readonly broker: readonly string[];
}

/** `member.slurm` of a file: jobs of Slurm that are Flux instances, in which the jobs of the ensemble run. */
export interface SlurmPilotOptions {
  /** Pilots that run at once, at most. */
  readonly pilots: number;
  /** Nodes of each. */
  readonly nodes: number;
  /** Cores of each node; null for whole nodes. */
  readonly cores: number | null;
  /** Seconds that a pilot may run. */
  readonly time: number;
  /** Seconds after which a pilot without jobs is ended. */
  readonly idle: number;
  readonly slurm: SlurmOptions;
  /** More arguments of `flux start`. */
  readonly broker: readonly string[];
}

/** `member` of a file: settings of the member that runs the jobs. */
export interface MemberSettings {
  readonly flux: FluxTreeOptions | null;
  readonly slurm: SlurmPilotOptions | null;
}

export interface EnsembleConfig {
  /** The file of the ensemble, absolute, or null. */
  readonly file: string | null;
  readonly member: MemberSettings;
  readonly debug: boolean;
  /** Seconds between heartbeats; 0 without heartbeats. */
  readonly heartbeat: number;
  /** States of the ensemble; the first is the initial one. Empty for an ensemble without states. */
  readonly states: readonly string[];
  /** In the order of their first entries in the file. */
  readonly groups: ReadonlyMap<string, JobGroup>;
  /** By the name of a parameter, one of its integers that a number may not hold exactly. */
  readonly largeParameters: ReadonlyMap<string, bigint>;
  readonly limits: Limits;
  readonly rules: readonly Rule[];
  readonly custom: CustomSource | null;
  /** In the order of the file. */
  readonly plugins: readonly ConfigPlugin[];
  /** Targets of notifications, in the order of the file. */
  readonly notify: readonly NotifyTarget[];
  readonly tests: readonly TestCase[];
}

/** Whether rows of any group are made when they are submitted. */
export function hasStreams({ groups }: Pick<EnsembleConfig, 'groups'>): boolean {
  return [...groups.values()].some(({ entries }) => entries.some(({ streamed }) => streamed));
}
