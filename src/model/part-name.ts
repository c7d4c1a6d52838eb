/** Names of what is in plugins, as files say them: `lammps.check`. */

export type PluginPartName = `${string}.${string}`;

/** Whether a name is that of something in a plugin. */
export function isPluginPart(name: string): name is PluginPartName {
  return name.includes('.');
}

/** The plugin's name, and that of what it is in it. */
export function splitPart(text: PluginPartName): [plugin: string, name: string] {
  const dot = text.indexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
}
