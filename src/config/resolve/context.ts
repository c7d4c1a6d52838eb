import type { ConfigPlugin, JobGroup, ProgramFunction } from '../../model/ensemble.js';
import type { Limits } from '../../model/job-limits.js';
import type { CheckedOptions, PluginPart } from '../../plugins/plugin-module.js';
import type { CheckedShape } from '../schema/check.js';
import type { ConfigSource, Problems } from '../source/problems.js';

/** The context that resolving needs in addition to the values. */
export interface ResolveContext {
  readonly shape: CheckedShape;
  readonly source: ConfigSource;
  readonly problems: Problems;
  /** The file, absolute, or null. */
  readonly file: string | null;
  readonly plugins: Plugins;
  /** For each rule, its algorithm, or null. Rules after the last item have none. */
  readonly algorithms: readonly (string | null)[];
  /** Functions of the program that runs the ensemble, by name. */
  readonly functions: ReadonlyMap<string, ProgramFunction>;
}

/** The plugins that names can refer to. */
export interface Plugins {
  readonly list: readonly ConfigPlugin[];
  /** Whether `list` is complete: only then is any other name unknown. */
  readonly complete: boolean;
  /** Whether options are valid. Throws Error when the plugin can't check them. */
  check(plugin: string, part: PluginPart, name: string, options: unknown): CheckedOptions;
  /** Releases the resources of the checks. */
  close(): void;
}

/** Names that rules may refer to. */
export interface ResolvedNames {
  readonly jobs: ResolvedJobs;
  readonly limits: Limits;
  readonly states: readonly string[];
  /** Targets of notifications; null where some could not be read. */
  readonly targets: readonly string[] | null;
  /** In a rule for each value of a parameter, the parameter; null elsewhere. */
  readonly by: string | null;
}

export interface ResolvedJobs {
  readonly groups: ReadonlyMap<string, JobGroup>;
  /** Every name of a group that could be read, also of entries with other mistakes. */
  readonly names: ReadonlySet<string>;
  /** Whether `names` is complete: only then is any other name unknown. */
  readonly complete: boolean;
  /** The parameters of each group that has some. */
  readonly parameters: ReadonlyMap<string, ReadonlySet<string>>;
  /** By the name of a parameter, one of its integers that a number may not hold exactly. */
  readonly large: ReadonlyMap<string, bigint>;
}
