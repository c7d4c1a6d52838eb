/** Where in a configuration something stands: keys of mappings and indexes of lists, from the root down. */
export type Path = readonly (string | number)[];

/** A path as people write it: `rules[1].action.label`, `jobs[0].environment["A B"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** A path as a key of sets and maps. {@link formatPath} is for people and does not keep all paths apart. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/** The value at a path, or undefined when there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
