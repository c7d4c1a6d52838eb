/** A place in a configuration: keys of mappings and indexes of lists, from the root down. */
export type Path = readonly (string | number)[];

/** Formats a path for messages: `rules[1].action.label`, `jobs[0].environment["A B"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Returns a unique key of a path, for sets and maps. Two paths may have the same {@link formatPath}. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/** Returns the value at a path, or undefined where it is missing. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
