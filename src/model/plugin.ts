/** A plugin as a configuration knows it: the names of its parts. */

/** An action of a plugin, a kind of jobs, or a probe. */
export interface PluginEntry {
  readonly name: string;
  readonly description: string | null;
}

export interface PluginInfo {
  /** What comes before the dot in `lammps.check`. */
  readonly name: string;
  readonly actions: readonly PluginEntry[];
  readonly jobs: readonly PluginEntry[];
  readonly probes: readonly PluginEntry[];
}
