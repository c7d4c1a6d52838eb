/** Plugins of a file: loading them, and what actions and jobs take from them. */

import type { ConfigPlugin } from '../../model/ensemble.js';
import { type PluginPartName, splitPart } from '../../model/part-name.js';
import type { PluginEntry } from '../../model/plugin.js';
import { PluginCatalog } from '../../plugins/catalog.js';
import type { OptionsProblem, PluginPart } from '../../plugins/plugin-module.js';
import { resolvePlugin } from '../../plugins/specifier.js';
import { describeValue, quote } from '../../text/describe.js';
import { type Path, valueAt } from '../../text/path.js';
import { describeFaults, failed, ok, type Result } from '../../text/result.js';
import { didYouMean, keysHere, nearest, thereAre } from '../../text/suggest.js';
import { type JobShape, jobSchema } from '../schema/ensemble.js';
import type { Problems } from '../source/problems.js';
import type { Plugins, ResolveContext } from './context.js';

/** Plugins that were loaded before. Their options are checked where they are used. */
export function knownPlugins(list: readonly ConfigPlugin[]): Plugins {
  return { list, complete: true, check: () => ({ ok: true, value: {} }), close() {} };
}

/** Loads plugins, and reports each one that can't be loaded. */
export function loadPlugins(
  specifiers: readonly (string | undefined)[],
  problems: Problems,
  file: string | null,
): Plugins {
  if (specifiers.length === 0) return knownPlugins([]);
  const catalog = new PluginCatalog();
  const list: ConfigPlugin[] = [];
  let complete = true;
  for (const [index, specifier] of specifiers.entries()) {
    const loaded = specifier === undefined ? null : loadOne(specifier, catalog, list, file);
    if (loaded?.ok === false) problems.error(['plugins', index], describeFaults(loaded));
    if (loaded?.ok === true) list.push(loaded.value);
    else complete = false;
  }
  return {
    list,
    complete,
    check: (...question) => catalog.check(...question),
    close: () => catalog.close(),
  };
}

function loadOne(
  specifier: string,
  catalog: PluginCatalog,
  others: readonly ConfigPlugin[],
  file: string | null,
): Result<ConfigPlugin> {
  const found = resolvePlugin(specifier, file);
  if (!found.ok) return found;
  try {
    const info = catalog.load(found.value);
    const other = others.find(({ name }) => name === info.name);
    if (other === undefined) return ok({ ...info, specifier, url: found.value });
    return failed(
      other.url === found.value
        ? `the plugin ${quote(info.name)} is named twice`
        : `two plugins are called ${quote(info.name)}: this one and ${other.specifier}; rename one of them`,
    );
  } catch (error) {
    return failed(`the plugin ${specifier} can't be loaded: ${(error as Error).message}`);
  }
}

/**
 * Looks up the part with a name and checks the options for it. Returns the plugin's result, or null after a report
 * of a mistake.
 */
export function resolveOptions(
  { plugins, problems, shape }: ResolveContext,
  part: PluginPart,
  text: PluginPartName,
  options: unknown,
  at: Path,
  optionsAt: Path,
): { readonly value: unknown } | null {
  const [owner, name] = splitPart(text);
  const plugin = plugins.list.find((other) => other.name === owner);
  const known = plugin?.[part].some((entry) => entry.name === name) === true;
  if (!known) {
    if (plugin !== undefined || plugins.complete) problems.error(at, nothingCalled(text, part, plugins.list));
    return null;
  }
  if (shape.isBroken(optionsAt)) return null;
  try {
    const checked = plugins.check(owner, part, name, options ?? {});
    if (checked.ok) return { value: checked.value };
    // `belwo` explains why `below` is missing.
    const meant = new Set(
      checked.faults.flatMap(({ path, known }) => (known && nearest(String(path.at(-1)), known)) ?? []),
    );
    for (const problem of checked.faults) {
      const [first = ''] = problem.path;
      if (problem.known === null && problem.path.length === 1 && meant.has(String(first))) continue;
      reportOption(problems, problem, options ?? {}, at, optionsAt);
    }
  } catch (error) {
    problems.error(at, `the plugin '${owner}' can't check the options: ${(error as Error).message}`);
  }
  return null;
}

function nothingCalled(text: PluginPartName, part: PluginPart, list: readonly ConfigPlugin[]): string {
  const names = (entries: readonly PluginEntry[], owner: string) =>
    entries.map(({ name }) => `${owner}.${name}`);
  const known = list.flatMap((plugin) => names(plugin[part], plugin.name));
  const what = { actions: 'action', jobs: 'kind of jobs', probes: 'probe' }[part];
  const [owner] = splitPart(text);
  const hint = didYouMean(text, known);
  if (hint !== '') return `unknown ${what} ${quote(text)}${hint}`;
  if (!list.some(({ name }) => name === owner)) {
    const there = list.length === 0 ? '; the file has no plugins' : thereAre(list.map(({ name }) => name));
    return `unknown ${what} ${quote(text)}: no plugin is called ${quote(owner)} (plugins: ...${there})`;
  }
  return `unknown ${what} ${quote(text)}${known.length === 0 ? '; the plugins have none' : thereAre(known)}`;
}

function reportOption(
  problems: Problems,
  { path, message, known }: OptionsProblem,
  options: unknown,
  at: Path,
  optionsAt: Path,
): void {
  if (known !== null) {
    const hint = known.length === 0 ? '' : `${didYouMean(String(path.at(-1)), known)}${keysHere(known)}`;
    problems.error([...optionsAt, ...path], `${message}${hint}`, 'key');
    return;
  }
  const found = valueAt(options, path);
  const parent = path.slice(0, -1);
  if (path.length > 0 && found === undefined && typeof path.at(-1) === 'string') {
    const place = Object.keys(Object(options)).length === 0 ? at : [...optionsAt, ...parent];
    problems.error(place, `'${String(path.at(-1))}' is missing: ${message}`);
    return;
  }
  problems.error([...optionsAt, ...path], `${message}; found ${describeValue(found)}`);
}

/** A job entry, completed by its plugin with keys that the entry itself does not have. */
export function withJobDefaults(context: ResolveContext, job: JobShape, path: Path): JobShape {
  const { problems } = context;
  if (job.use === undefined) {
    if (job.with) problems.warning([...path, 'with'], "ignored: 'with' requires 'use'", 'key');
    return job;
  }
  const at = [...path, 'use'];
  const resolved = resolveOptions(context, 'jobs', job.use, job.with, at, [...path, 'with']);
  if (resolved === null) return job;
  const checked = DEFAULTS.safeParse(resolved.value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    problems.error(at, `the plugin's ${['defaults', ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
    return job;
  }
  const own = Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined));
  const merged: JobShape = { ...(checked.data as JobShape), ...own };
  if (merged.command === undefined && !context.shape.isBroken([...path, 'command'])) {
    problems.error(path, `'command' is missing, and ${job.use} does not set it`);
  }
  if (!checked.data.environment || !job.environment) return merged;
  return { ...merged, environment: { ...checked.data.environment, ...job.environment } };
}

const DEFAULTS = jobSchema.omit({ name: true, use: true, with: true }).partial();
