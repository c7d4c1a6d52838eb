/** Validates the plugin that a module exports. Used only in separate processes, because it calls code of the user. */

import { ok, type Result } from '../text/result.js';
import { exportOf, importModule } from '../usercode/javascript/import-module.js';
import type { OptionsSchema, Plugin } from './define.js';

export const PLUGIN_NAME = /^[a-z][a-z0-9-]*$/;
/** The part of a name after the dot. */
const PART_NAME = /^[A-Za-z_][\w-]*$/;

/** The parts of a plugin, and the function of each in addition to its options. */
const PARTS = { actions: 'run', jobs: 'defaults', probes: 'read' } as const;
export type PluginPart = keyof typeof PARTS;

/** Imports a module and returns the plugin that it exports. Rejects with the faults of the plugin. */
export async function importPlugin(url: string): Promise<Plugin> {
  const plugin = exportOf(await importModule(url), 'plugin');
  if (plugin === undefined)
    throw new Error('the export `plugin` is missing; write export const plugin = definePlugin(...)');
  checkPlugin(plugin);
  return plugin;
}

function checkPlugin(plugin: unknown): asserts plugin is Plugin {
  if (!isMapping(plugin)) throw new Error('its export `plugin` is not an object; use definePlugin');
  const { name } = plugin;
  if (typeof name !== 'string' || !PLUGIN_NAME.test(name)) {
    throw new Error("its `name` must be lower-case letters, digits and dashes, like 'lammps'");
  }
  for (const [part, method] of Object.entries(PARTS)) {
    const entries = plugin[part] ?? {};
    if (!isMapping(entries)) throw new Error(`its \`${part}\` must be an object`);
    for (const [key, entry] of Object.entries(entries)) {
      const where = `${part}.${key}`;
      if (!PART_NAME.test(key))
        throw new Error(`${where} is not a valid name; use letters, digits, dashes and underscores`);
      if (!isMapping(entry)) throw new Error(`${where} must be an object`);
      if (typeof entry[method] !== 'function') throw new Error(`${where} needs a function \`${method}\``);
      if (!isSchema(entry.options)) {
        throw new Error(`${where} needs \`options\`, a zod schema; z.strictObject({}) allows none`);
      }
    }
  }
  const unknown = Object.keys(plugin).find((key) => key !== 'name' && !(key in PARTS));
  if (unknown !== undefined)
    throw new Error(`unknown key \`${unknown}\`; there are name, actions, jobs and probes`);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): value is OptionsSchema {
  const standard = (value as Partial<OptionsSchema> | null | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}

/** A fault of options, in the form that is sent between processes. */
export interface OptionsProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Set for an unknown key: the keys that are allowed. */
  readonly known: readonly string[] | null;
}

export type CheckedOptions<Options = unknown> = Result<Options, OptionsProblem>;

/** Returns the options with their defaults, or their faults. */
export async function checkOptions(schema: OptionsSchema<never>, value: unknown): Promise<CheckedOptions> {
  const result = (await schema['~standard'].validate(value ?? {})) as {
    readonly value?: unknown;
    readonly issues?: readonly ZodLikeIssue[];
  };
  if (result.issues === undefined) return ok(result.value);
  return { ok: false, faults: result.issues.flatMap((issue) => problemsOf(issue, schema)) };
}

/** An issue of zod, with more fields than Standard Schema requires. */
interface ZodLikeIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly ZodLikeIssue[])[];
}

/**
 * For a value that fits no alternative of a union: the issues of the intended alternative, where only one is
 * possible.
 */
function meantIn({ path = [], errors = [] }: ZodLikeIssue): ZodLikeIssue[] {
  const meant = errors.filter((issues) =>
    issues.every((inner) => inner.path?.length || inner.code !== 'invalid_type'),
  );
  if (meant.length !== 1) return [];
  return (meant[0] ?? []).map((inner) => ({ ...inner, path: [...path, ...(inner.path ?? [])] }));
}

function problemsOf(issue: ZodLikeIssue, schema: unknown): OptionsProblem[] {
  const meant = meantIn(issue);
  if (meant.length > 0) return meant.flatMap((inner) => problemsOf(inner, schema));
  const { message, path = [], code, keys } = issue;
  const steps = path.map((step) => {
    const key = typeof step === 'object' ? step.key : step;
    return typeof key === 'symbol' ? String(key) : key;
  });
  if (code !== 'unrecognized_keys' || keys === undefined) return [{ path: steps, message, known: null }];
  const known = steps.length === 0 ? Object.keys((schema as { shape?: object }).shape ?? {}) : [];
  return keys.map((key) => ({ path: [...steps, key], message: `unknown key '${key}'`, known }));
}
