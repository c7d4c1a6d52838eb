/** A plugin in a configuration: the names of its parts. */

/** An action of a plugin, a kind of jobs, or a probe. */
export interface PluginEntry {
  readonly name: string;
  readonly description: string | null;
}

export interface PluginInfo {
  /** The part of `lammps.check` before the dot. */
  readonly name: string;
  readonly actions: readonly PluginEntry[];
  readonly jobs: readonly PluginEntry[];
  readonly probes: readonly PluginEntry[];
}
