/** Imports a module of the user's, in the process that it runs in. */

import { createJiti } from 'jiti';
import { whyNotLoaded } from '../../text/system-error.js';

/** Files whose types have to be taken out before they can run. */
export const TYPESCRIPT = /\.[cm]?ts$/;

/** The exports of a JavaScript or TypeScript module. Rejects with whatever keeps it from loading. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  if (!TYPESCRIPT.test(url)) return (await import(url)) as Record<string, unknown>;
  // The same on every Node, also on those that take types out themselves: they know a part of the language only.
  const jiti = createJiti(url, { fsCache: false, interopDefault: false });
  return jiti.import(url);
}

/** What a module exports under a name. A CommonJS module may show its exports on its default export only. */
export function exportOf(module: Readonly<Record<string, unknown>>, name: string): unknown {
  return module[name] ?? (module.default as Record<string, unknown> | null | undefined)?.[name];
}

/** What kept a module from being loaded, on one line. */
export function reasonOf(error: unknown): string {
  const refused = whyNotLoaded(error);
  if (refused !== null) return refused;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
