/** Names of parts of plugins in a file: `lammps.check`. */

export type PluginPartName = `${string}.${string}`;

/** Whether the text has the form of such a name. */
export function isPluginPart(name: string): name is PluginPartName {
  return name.includes('.');
}

/** The plugin's name, and that of its part. */
export function splitPart(text: PluginPartName): [plugin: string, name: string] {
  const dot = text.indexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
}
