/** Reads what a module exports as a plugin. It is used only in processes of their own: what it calls was written by users. */

import { exportOf, importModule } from '../usercode/javascript/import-module.js';
import type { OptionsSchema, Plugin } from './define.js';

export const PLUGIN_NAME = /^[a-z][a-z0-9-]*$/;
/** What follows the dot. */
const PART_NAME = /^[A-Za-z_][\w-]*$/;

/** The parts of a plugin, and what each has besides its options. */
const PARTS = { actions: 'run', jobs: 'defaults', probes: 'read' } as const;
export type PluginPart = keyof typeof PARTS;

/** Imports a module and returns the plugin that it exports. Rejects with what is wrong with it. */
export async function importPlugin(url: string): Promise<Plugin> {
  const plugin = exportOf(await importModule(url), 'plugin');
  if (plugin === undefined)
    throw new Error('it exports no `plugin`; write export const plugin = definePlugin(...)');
  checkPlugin(plugin);
  return plugin;
}

function checkPlugin(plugin: unknown): asserts plugin is Plugin {
  if (!isMapping(plugin)) throw new Error('what it exports as `plugin` is no object; see definePlugin');
  const { name } = plugin;
  if (typeof name !== 'string' || !PLUGIN_NAME.test(name)) {
    throw new Error("its `name` must be small letters, digits and dashes, like 'lammps'");
  }
  for (const [part, method] of Object.entries(PARTS)) {
    const entries = plugin[part] ?? {};
    if (!isMapping(entries)) throw new Error(`its \`${part}\` must be an object`);
    for (const [key, entry] of Object.entries(entries)) {
      const where = `${part}.${key}`;
      if (!PART_NAME.test(key)) throw new Error(`${where} has no name that can stand behind a dot`);
      if (!isMapping(entry)) throw new Error(`${where} must be an object`);
      if (typeof entry[method] !== 'function') throw new Error(`${where} has no function \`${method}\``);
      if (!isSchema(entry.options)) {
        throw new Error(`${where} has no \`options\`; they are a zod schema, z.strictObject({}) for none`);
      }
    }
  }
  const unknown = Object.keys(plugin).find((key) => key !== 'name' && !(key in PARTS));
  if (unknown !== undefined)
    throw new Error(`it has a key \`${unknown}\`; there are name, actions, jobs and probes`);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): value is OptionsSchema {
  const standard = (value as Partial<OptionsSchema> | null | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}

/** One thing wrong with options, as it is sent from process to process. */
export interface OptionsProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The problem is that there is such a key; `known` are those that may be there. */
  readonly known: readonly string[] | null;
}

export type CheckedOptions<Options = unknown> =
  | { readonly ok: true; readonly value: Options }
  | { readonly ok: false; readonly problems: readonly OptionsProblem[] };

/** Options with their defaults, or what is wrong with them. */
export async function checkOptions(schema: OptionsSchema<never>, value: unknown): Promise<CheckedOptions> {
  const result = (await schema['~standard'].validate(value ?? {})) as {
    readonly value?: unknown;
    readonly issues?: readonly ZodLikeIssue[];
  };
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, problems: result.issues.flatMap((issue) => problemsOf(issue, schema)) };
}

/** zod says more than Standard Schema asks for. */
interface ZodLikeIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly ZodLikeIssue[])[];
}

/** Of a union that nothing fits, the issues of the alternative that was meant, where only one can be. */
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
