import type { ConfigPlugin, JobGroup } from '../../model/ensemble.js';
import type { CheckedOptions, PluginPart } from '../../plugins/plugin-module.js';
import type { CheckedShape } from '../schema/check.js';
import type { ConfigSource, Problems } from '../source/problems.js';

/** What resolving needs to know besides the values. */
export interface ResolveContext {
  readonly shape: CheckedShape;
  readonly source: ConfigSource;
  readonly problems: Problems;
  /** The file, absolute, or null. */
  readonly file: string | null;
  readonly plugins: Plugins;
  /** Of each rule, the algorithm that it is of, or null; a rule behind the last one is of none. */
  readonly algorithms: readonly (string | null)[];
}

/** The plugins that names can refer to. */
export interface Plugins {
  readonly list: readonly ConfigPlugin[];
  /** Whether `list` holds all: only then is any other name unknown. */
  readonly complete: boolean;
  /** Whether options are right. Throws Error when the plugin can't tell. */
  check(plugin: string, part: PluginPart, name: string, options: unknown): CheckedOptions;
  /** Lets go of what it takes to check. */
  close(): void;
}

/** What rules may refer to. */
export interface ResolvedNames {
  readonly jobs: ResolvedJobs;
  readonly states: readonly string[];
}

export interface ResolvedJobs {
  readonly groups: ReadonlyMap<string, JobGroup>;
  /** Every name of a group that could be read, also of entries that are otherwise wrong. */
  readonly names: ReadonlySet<string>;
  /** Whether `names` holds all: only then is any other name unknown. */
  readonly complete: boolean;
  /** The parameters of each group that has some. */
  readonly parameters: ReadonlyMap<string, ReadonlySet<string>>;
  /** By the name of a parameter, an integer among its values that no number can be trusted to hold. */
  readonly large: ReadonlyMap<string, bigint>;
}
