/** Imports a module of the user in the process that runs it. */

import { whyNotLoaded } from '../../text/system-error.js';

/** Files whose types must be removed before they can run. */
export const TYPESCRIPT = /\.[cm]?ts$/;

/** Returns the exports of a JavaScript or TypeScript module. Rejects with the error that prevents loading. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  if (!TYPESCRIPT.test(url)) return (await import(url)) as Record<string, unknown>;
  // Used on every version of Node: some versions remove types themselves, but support only a part of TypeScript.
  const { createJiti } = await import('jiti');
  const jiti = createJiti(url, { fsCache: false, interopDefault: false });
  return jiti.import(url);
}

/** Returns the export with a name. A CommonJS module may provide its exports only on the default export. */
export function exportOf(module: Readonly<Record<string, unknown>>, name: string): unknown {
  return module[name] ?? (module.default as Record<string, unknown> | null | undefined)?.[name];
}

/** Returns in one line why a module could not be loaded. */
export function reasonOf(error: unknown): string {
  const refused = whyNotLoaded(error);
  if (refused !== null) return refused;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
